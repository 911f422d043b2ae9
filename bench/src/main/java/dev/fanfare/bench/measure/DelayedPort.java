package dev.fanfare.bench.measure;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.time.Duration;
import java.util.Arrays;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/**
 * A port that passes connections on to another one of this machine, as if that one were elsewhere
 * in a network: whatever is sent there arrives later by a fixed time. Answers come back at once, so
 * a round trip takes longer by that time. The order and the rate of the bytes stay as they are.
 */
public final class DelayedPort implements AutoCloseable {
  private static final int BACKLOG = 64;
  private static final int BUFFER = 64 * 1024;

  /** Bounds what is under way on one connection. */
  private static final int CHUNKS_MAX = 256;

  private final ServerSocket listening;
  private final int target;
  private final long delayNanos;

  private DelayedPort(ServerSocket listening, int target, Duration delay) {
    this.listening = listening;
    this.target = target;
    this.delayNanos = delay.toNanos();
  }

  /** Passes connections on to this port. */
  public static DelayedPort start(int target, Duration delay) throws IOException {
    DelayedPort port =
        new DelayedPort(
            new ServerSocket(0, BACKLOG, InetAddress.getLoopbackAddress()), target, delay);
    run("accept", port::accept);
    return port;
  }

  /** Where it listens, on the loopback address. */
  public int port() {
    return listening.getLocalPort();
  }

  private interface Loop {
    void run() throws IOException, InterruptedException;
  }

  /** Platform threads: they wake up more exactly than virtual ones. */
  private static void run(String what, Loop loop) {
    Thread.ofPlatform()
        .name("delayed-port-" + what)
        .daemon()
        .start(() -> {
          try {
            loop.run();
          } catch (IOException e) {
            // one of both hung up, or the port was closed
          } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
          }
        });
  }

  private void accept() throws IOException {
    while (true) {
      Socket client = listening.accept();
      Socket server = new Socket(InetAddress.getLoopbackAddress(), target);
      client.setTcpNoDelay(true);
      server.setTcpNoDelay(true);
      BlockingQueue<Chunk> underWay = new LinkedBlockingQueue<>(CHUNKS_MAX);
      run("read", () -> read(client, underWay));
      run("write", () -> write(underWay, server));
      run("answer", () -> answer(server, client));
    }
  }

  /** Bytes that are due at a time; null: the end. */
  @SuppressWarnings("ArrayRecordComponent") // never compared
  private record Chunk(byte @Nullable [] bytes, long dueNanos) {}

  private void read(Socket client, BlockingQueue<Chunk> underWay)
      throws IOException, InterruptedException {
    byte[] buffer = new byte[BUFFER];
    try (InputStream in = client.getInputStream()) {
      for (int length = in.read(buffer); length >= 0; length = in.read(buffer)) {
        long due = System.nanoTime() + delayNanos;
        underWay.put(new Chunk(Arrays.copyOf(buffer, length), due));
      }
    } finally {
      underWay.put(new Chunk(null, System.nanoTime()));
    }
  }

  private static void write(BlockingQueue<Chunk> underWay, Socket server)
      throws IOException, InterruptedException {
    try (server;
        OutputStream out = server.getOutputStream()) {
      for (Chunk chunk = underWay.take(); chunk.bytes() != null; chunk = underWay.take()) {
        for (long left = chunk.dueNanos() - System.nanoTime();
            left > 0;
            left = chunk.dueNanos() - System.nanoTime()) {
          LockSupport.parkNanos(left);
        }
        out.write(chunk.bytes());
      }
    }
  }

  private static void answer(Socket server, Socket client) throws IOException {
    try (client;
        InputStream in = server.getInputStream();
        OutputStream out = client.getOutputStream()) {
      in.transferTo(out);
    }
  }

  @Override
  public void close() throws IOException {
    listening.close();
  }
}
