/**
 * Streaming JSON reader, which can return any value as the text that was sent. Open {@link
 * dev.fanfare.server.json.JsonReader} first.
 */
@NullMarked
package dev.fanfare.server.json;

import org.jspecify.annotations.NullMarked;
