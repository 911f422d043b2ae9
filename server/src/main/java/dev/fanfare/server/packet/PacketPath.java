package dev.fanfare.server.packet;

import dev.fanfare.protocol.WireJson;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The path that names a packet within its environment. It is a key and never the name of a file;
 * what would mean something to a file system is refused all the same, so that no store, proxy or
 * client can take it for another packet's.
 */
public final class PacketPath {
  /** The media type of a payload or output that is the path of a packet. */
  public static final String MEDIA_TYPE = "application/store";

  /** What an index of PostgreSQL can hold, with room to spare. */
  public static final int BYTES_MAX = 2_048;

  private PacketPath() {}

  /** Whether {@code path} can name a packet. */
  public static boolean isValid(String path) {
    return StandardCharsets.UTF_8.newEncoder().canEncode(path) // no half of a surrogate pair
        && path.getBytes(StandardCharsets.UTF_8).length <= BYTES_MAX
        && path.chars().noneMatch(c -> c == '\\' || Character.isISOControl(c))
        && List.of(path.split("/", -1)).stream()
            .noneMatch(part -> part.isEmpty() || part.equals(".") || part.equals(".."));
  }

  /** The packet that a payload is, or {@code null} when it is none. */
  public static @Nullable String ofPayload(@Nullable String json, @Nullable String mediaType) {
    return json == null || !json.startsWith("\"") || !MEDIA_TYPE.equals(mediaType)
        ? null
        : validOrNull(WireJson.mapper().readValue(json, String.class));
  }

  /** The packet that an output is, or {@code null} when it is none. */
  public static @Nullable String ofOutput(@Nullable String text, @Nullable String mediaType) {
    return text == null || !MEDIA_TYPE.equals(mediaType) ? null : validOrNull(text);
  }

  /** Runs may refer to what is elsewhere, or nowhere: that is no packet of ours. */
  private static @Nullable String validOrNull(String path) {
    return isValid(path) ? path : null;
  }
}
