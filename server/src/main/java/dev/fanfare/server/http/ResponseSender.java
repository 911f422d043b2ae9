package dev.fanfare.server.http;

import dev.fanfare.server.http.HttpServer.Failures;
import io.helidon.common.buffers.BufferData;
import io.helidon.common.buffers.DataWriter;
import io.helidon.common.socket.SocketWriterException;
import io.helidon.http.DateTime;
import io.helidon.http.HeaderNames;
import io.helidon.http.HeaderValues;
import io.helidon.http.Status;
import io.helidon.webserver.CloseConnectionException;
import io.helidon.webserver.ServerConnectionException;
import io.helidon.webserver.http.RoutingResponse;
import io.helidon.webserver.http.ServerRequest;
import io.helidon.webserver.http.ServerResponse;
import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.Map;

/** Sends responses in the form that the request asks for. */
final class ResponseSender {
  private static final int BUFFER_BYTES = 8 * 1024;
  private static final String TYPE = "Content-Type";
  private static final String LENGTH = "Content-Length";

  private ResponseSender() {}

  /**
   * Sends a response whose body may fail while it is made. If nothing was sent by then, the
   * response to the failure is sent instead.
   *
   * @return the response that was sent
   * @throws CloseConnectionException when a part was sent, or the client is gone
   */
  static Response send(
      ServerRequest request, ServerResponse response, Response result, Failures failures) {
    TimedWriter writer = ClientConnection.current().writer();
    long sentBefore = writer.sentBytes();
    try {
      send(request, response, result);
      return result;
    } catch (CloseConnectionException e) {
      throw e;
    } catch (SocketWriterException | UncheckedIOException e) {
      throw new ServerConnectionException("Cannot send to the client", e);
    } catch (Throwable e) {
      if (writer.sentBytes() != sentBefore || !((RoutingResponse) response).reset()) {
        failures.cutOff(e);
        throw new CloseConnectionException("The body of a response failed", e);
      }
      Response instead = Cors.allowAs(result, failures.handle(e));
      send(request, response, instead);
      return instead;
    }
  }

  /** Sends a response; to a HEAD request, without its body. */
  static void send(ServerRequest request, ServerResponse response, Response result) {
    boolean head = request.prologue().method().text().equals("HEAD");
    if (ClientConnection.current().isHttp10()) {
      sendToHttp10(ClientConnection.current().writer(), head, result);
    } else if (head) {
      prepare(response, result);
      response.header(HeaderNames.CONTENT_LENGTH, Long.toString(length(result)));
      response.send(new byte[0]);
    } else {
      prepare(response, result);
      switch (result.body()) {
        case Response.Whole whole -> response.send(whole.bytes());
        // Not closed on failure: a proper end would make a part look like the whole.
        case Response.Streamed streamed -> streamed.writeTo(response.outputStream());
      }
    }
  }

  private static void prepare(ServerResponse response, Response result) {
    response.status(Status.create(result.status()));
    response.header(HeaderValues.CONTENT_TYPE_JSON);
    result.headers().forEach(response::header);
  }

  /** The length of the body, which is written for it if it is streamed. */
  private static long length(Response result) {
    String known = result.headers().get(LENGTH);
    if (known != null) {
      return Long.parseLong(known);
    }
    return switch (result.body()) {
      case Response.Whole whole -> whole.bytes().length;
      case Response.Streamed streamed -> {
        long[] count = new long[1];
        streamed.writeTo(
            new OutputStream() {
              @Override
              public void write(int b) {
                count[0]++;
              }

              @Override
              public void write(byte[] bytes, int offset, int length) {
                count[0] += length;
              }
            });
        yield count[0];
      }
    };
  }

  /** HTTP/1.0 has no chunks: an answer whose length is unknown ends with the connection. */
  private static void sendToHttp10(DataWriter writer, boolean head, Response result) {
    Map<String, String> headers = new LinkedHashMap<>();
    headers.put(TYPE, HeaderValues.CONTENT_TYPE_JSON.get());
    headers.putAll(result.headers());
    headers.put("Date", DateTime.rfc1123String());
    headers.put("Connection", "close");
    if (head || result.body() instanceof Response.Whole) {
      headers.put(LENGTH, Long.toString(length(result)));
    }
    Status status = Status.create(result.status());
    StringBuilder lines = new StringBuilder("HTTP/1.1 ");
    lines.append(status.code()).append(' ').append(status.reasonPhrase()).append("\r\n");
    headers.forEach((name, value) -> lines.append(name).append(": ").append(value).append("\r\n"));
    lines.append("\r\n");
    try {
      OutputStream out = new BufferedOutputStream(new WriterStream(writer), BUFFER_BYTES);
      out.write(lines.toString().getBytes(StandardCharsets.ISO_8859_1));
      if (!head) {
        switch (result.body()) {
          case Response.Whole whole -> out.write(whole.bytes());
          case Response.Streamed streamed -> streamed.writeTo(out);
        }
      }
      out.flush();
    } catch (IOException | UncheckedIOException | SocketWriterException e) {
      throw new ServerConnectionException("Cannot send to the client", e);
    }
  }

  /** Writes to a connection. Closing it changes nothing: the connection is closed by others. */
  private static final class WriterStream extends OutputStream {
    private final DataWriter writer;

    WriterStream(DataWriter writer) {
      this.writer = writer;
    }

    @Override
    public void write(int b) {
      write(new byte[] {(byte) b}, 0, 1);
    }

    @Override
    public void write(byte[] bytes, int offset, int length) {
      writer.write(BufferData.create(bytes, offset, length));
    }
  }
}
