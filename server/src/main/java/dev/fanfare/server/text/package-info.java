/**
 * Functions on texts: durations, dates, hashes. Open {@link dev.fanfare.server.text.Durations}
 * first. This package depends on no other package of the server.
 */
@NullMarked
package dev.fanfare.server.text;

import org.jspecify.annotations.NullMarked;
