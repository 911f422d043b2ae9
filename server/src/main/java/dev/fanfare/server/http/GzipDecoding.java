package dev.fanfare.server.http;

import io.helidon.http.encoding.ContentDecoder;
import io.helidon.http.encoding.ContentEncoder;
import io.helidon.http.encoding.ContentEncoding;
import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.util.Set;
import java.util.zip.GZIPInputStream;
import java.util.zip.ZipException;
import org.jspecify.annotations.Nullable;

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
    return Decompressed::new;
  }

  /** Opens the gzip stream at the first read, because that reads its header from the client. */
  private static final class Decompressed extends InputStream {
    private final InputStream source;
    private @Nullable InputStream gzip;

    Decompressed(InputStream source) {
      this.source = source;
    }

    private InputStream open() throws IOException {
      InputStream open = gzip;
      if (open == null) {
        try {
          open = new GZIPInputStream(new BufferedInputStream(source));
        } catch (ZipException e) {
          throw new HttpError(400, "The body is not gzip as its Content-Encoding says");
        }
        gzip = open;
      }
      return open;
    }

    @Override
    public int read() throws IOException {
      return open().read();
    }

    @Override
    public int read(byte[] into, int offset, int length) throws IOException {
      return open().read(into, offset, length);
    }
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
