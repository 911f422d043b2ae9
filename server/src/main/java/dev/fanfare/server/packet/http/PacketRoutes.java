package dev.fanfare.server.packet.http;

import static dev.fanfare.server.config.ServerSettings.PACKET_BYTES_MAX;

import dev.fanfare.server.component.Component;
import dev.fanfare.server.component.Resources;
import dev.fanfare.server.config.RequestMemory.Decoding;
import dev.fanfare.server.http.Access;
import dev.fanfare.server.http.Exchange;
import dev.fanfare.server.http.HttpError;
import dev.fanfare.server.http.Response;
import dev.fanfare.server.http.Route;
import dev.fanfare.server.packet.ByteStore.StoredBytes;
import dev.fanfare.server.packet.Packets;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Routes of presigned URLs: upload and download of packets. */
public final class PacketRoutes implements Component {
  private static final String PATH = "/packets/{environment}/{path*}";
  private static final String DEFAULT_TYPE = "application/json";
  private static final int TYPE_CHARS_MAX = 128;

  /** A part of a download as the driver and as the sender have it. */
  private static final long DOWNLOAD_BYTES = 3L * 1024 * 1024;

  private final PacketUrls urls;
  private final Packets packets;
  private final long bytesMax;

  public PacketRoutes(Resources resources, PacketUrls urls, Packets packets) {
    this.urls = urls;
    this.packets = packets;
    this.bytesMax = resources.config().get(PACKET_BYTES_MAX);
  }

  @Override
  public List<Route> routes() {
    return List.of(
        new Route("PUT", PATH, Access.presigned(), this::put),
        new Route("GET", PATH, Access.presigned(), this::get));
  }

  private Response put(Exchange exchange) {
    check(exchange, "PUT");
    String type = exchange.header("Content-Type");
    String contentType = type == null || type.isBlank() ? DEFAULT_TYPE : type.strip();
    if (contentType.length() > TYPE_CHARS_MAX || !contentType.matches("[ -~]+")) {
      throw HttpError.header(
          "content-type", "must be at most " + TYPE_CHARS_MAX + " printable ASCII characters");
    }
    packets.store(
        environment(exchange),
        exchange.path("path"),
        contentType,
        exchange.bytes(bytesMax, Decoding.BYTES));
    return Response.json(200, Map.of());
  }

  private Response get(Exchange exchange) {
    check(exchange, "GET");
    exchange.reserve(DOWNLOAD_BYTES);
    StoredBytes stored = packets.read(environment(exchange), exchange.path("path"));
    if (stored == null) {
      throw new HttpError(404, "Packet not found");
    }
    Map<String, String> headers = new LinkedHashMap<>();
    headers.put("Content-Type", stored.contentType());
    headers.put("Content-Length", Long.toString(stored.length()));
    // A browser must not run uploaded HTML with the origin of the server.
    headers.put("X-Content-Type-Options", "nosniff");
    headers.put("Content-Security-Policy", "sandbox; default-src 'none'");
    Response.Streamed content = stored.content()::accept;
    return new Response(200, headers, content);
  }

  private void check(Exchange exchange, String method) {
    urls.check(
        method,
        exchange.path("environment"),
        exchange.path("path"),
        exchange.query("expires"),
        exchange.query("signature"));
  }

  private static int environment(Exchange exchange) {
    return Integer.parseInt(
        exchange.path("environment")); // the signature was checked, so it is a number
  }
}
