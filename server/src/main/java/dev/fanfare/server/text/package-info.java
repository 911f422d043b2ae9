/**
 * Durations, dates and hashes of texts. Open {@link dev.fanfare.server.text.Durations} first. It
 * knows nothing of the server.
 */
@NullMarked
package dev.fanfare.server.text;

import org.jspecify.annotations.NullMarked;
