/**
 * Reading JSON in one pass while it arrives, with its values kept as the text that was sent. Open
 * {@link dev.fanfare.server.json.JsonReader} first.
 */
@NullMarked
package dev.fanfare.server.json;

import org.jspecify.annotations.NullMarked;
