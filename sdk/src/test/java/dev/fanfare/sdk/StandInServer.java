package dev.fanfare.sdk;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;

/** An HTTP server that responds as a test says, and records the requests. */
public final class StandInServer implements AutoCloseable {
  private final HttpServer http;
  private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
  private final List<Request> requests = new CopyOnWriteArrayList<>();

  /** A request that was received. */
  public record Request(
      String method, String target, Map<String, List<String>> headers, String body) {
    public String header(String name) {
      return headers.entrySet().stream()
          .filter(e -> e.getKey().equalsIgnoreCase(name))
          .map(e -> e.getValue().getFirst())
          .findFirst()
          .orElse(null);
    }
  }

  /** A response to send. A status of 0 closes the connection without a response. */
  public record Answer(int status, String body, Map<String, String> headers) {
    public static Answer ok(String body) {
      return new Answer(200, body, Map.of());
    }

    public static Answer error(int status, String message) {
      return new Answer(status, "{\"error\":\"" + message + "\"}", Map.of());
    }

    public static Answer lost() {
      return new Answer(0, "", Map.of());
    }

    public Answer header(String name, String value) {
      return new Answer(status, body, Map.of(name, value));
    }
  }

  /** Decides the responses. */
  public interface Script {
    Answer answer(Request request) throws Exception;
  }

  public StandInServer(Script script) {
    this(0, script);
  }

  public StandInServer(int port, Script script) {
    try {
      http = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), port), 0);
    } catch (IOException e) {
      throw new IllegalStateException(e);
    }
    http.setExecutor(threads);
    http.createContext("/", exchange -> handle(exchange, script));
    http.start();
  }

  private void handle(HttpExchange exchange, Script script) throws IOException {
    try (exchange) {
      Request request =
          new Request(
              exchange.getRequestMethod(),
              exchange.getRequestURI().toASCIIString(),
              exchange.getRequestHeaders(),
              new String(exchange.getRequestBody().readAllBytes(), StandardCharsets.UTF_8));
      requests.add(request);
      Answer answer = script.answer(request);
      if (answer.status == 0) {
        return;
      }
      byte[] body = answer.body.getBytes(StandardCharsets.UTF_8);
      answer.headers.forEach(exchange.getResponseHeaders()::set);
      exchange.sendResponseHeaders(answer.status, body.length == 0 ? -1 : body.length);
      exchange.getResponseBody().write(body);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } catch (IOException e) {
      throw e;
    } catch (Exception e) {
      throw new IllegalStateException(e);
    }
  }

  public String url() {
    return "http://127.0.0.1:" + port();
  }

  public int port() {
    return http.getAddress().getPort();
  }

  public List<Request> requests() {
    return requests;
  }

  public Fanfare client() {
    return Fanfare.builder().url(url()).secretKey("tr_dev_secret").build();
  }

  @Override
  public void close() {
    http.stop(0);
    threads.shutdownNow();
  }
}
