package dev.fanfare.server.http;

import io.helidon.http.encoding.ContentDecoder;
import io.helidon.http.encoding.ContentEncoder;
import io.helidon.http.encoding.ContentEncoding;
import java.io.BufferedInputStream;
import java.io.IOException;
import java.util.Set;
import java.util.zip.GZIPInputStream;

/**
 * Decompression of gzip request bodies. {@link Body} counts the decompressed bytes while they are
 * read, so a decompression bomb costs no more than the limit. Responses are never compressed.
 */
final class GzipDecoding implements ContentEncoding {

  @Override
  public Set<String> ids() {
    return Set.of("gzip", "x-gzip");
  }

  @Override
  public boolean supportsEncoding() {
    return false;
  }

  @Override
  public boolean supportsDecoding() {
    return true;
  }

  @Override
  public ContentDecoder decoder() {
    return source -> {
      try {
        return new GZIPInputStream(new BufferedInputStream(source));
      } catch (IOException e) {
        throw new HttpError(400, "The body is not gzip as its Content-Encoding says");
      }
    };
  }

  @Override
  public ContentEncoder encoder() {
    return ContentEncoder.NO_OP;
  }

  @Override
  public String name() {
    return "gzip";
  }

  @Override
  public String type() {
    return "gzip";
  }
}
