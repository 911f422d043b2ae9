package dev.fanfare.server.packet;

import dev.fanfare.protocol.WireJson;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The path that identifies a packet in its environment. It is never used as a file name, but paths
 * with a special meaning for file systems are refused anyway, because a proxy or client could
 * normalize them to the path of another packet.
 */
public final class PacketPath {
  /** The media type of a payload or output that is stored as a packet. */
  public static final String MEDIA_TYPE = "application/store";

  /** The maximum length in UTF-8. An index of PostgreSQL allows about 2,700 bytes. */
  public static final int BYTES_MAX = 2_048;

  private PacketPath() {}

  /** Whether {@code path} is a valid path. */
  public static boolean isValid(String path) {
    return StandardCharsets.UTF_8.newEncoder().canEncode(path) // no lone surrogate
        && path.getBytes(StandardCharsets.UTF_8).length <= BYTES_MAX
        && path.chars().noneMatch(c -> c == '\\' || Character.isISOControl(c))
        && List.of(path.split("/", -1)).stream()
            .noneMatch(part -> part.isEmpty() || part.equals(".") || part.equals(".."));
  }

  /** The path in a payload that is stored as a packet, or {@code null} for other payloads. */
  public static @Nullable String ofPayload(@Nullable String json, @Nullable String mediaType) {
    return json == null || !json.startsWith("\"") || !MEDIA_TYPE.equals(mediaType)
        ? null
        : validOrNull(WireJson.mapper().readValue(json, String.class));
  }

  /** The path in an output that is stored as a packet, or {@code null} for other outputs. */
  public static @Nullable String ofOutput(@Nullable String text, @Nullable String mediaType) {
    return text == null || !MEDIA_TYPE.equals(mediaType) ? null : validOrNull(text);
  }

  /** A run may refer to data that is not a packet of this server. */
  private static @Nullable String validOrNull(String path) {
    return isValid(path) ? path : null;
  }
}
