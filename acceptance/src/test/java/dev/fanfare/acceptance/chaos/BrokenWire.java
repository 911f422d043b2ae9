package dev.fanfare.acceptance.chaos;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;

/** A local proxy between a client and a server, which can fail on demand. */
final class BrokenWire implements AutoCloseable {
  private final int target;
  private final ServerSocket listening;
  private final Set<Socket> sockets = ConcurrentHashMap.newKeySet();
  private final AtomicInteger toLose = new AtomicInteger();
  private final AtomicInteger lost = new AtomicInteger();
  private volatile String losing = "";
  private final AtomicInteger toCut = new AtomicInteger();
  private volatile String cutting = "";
  private volatile int cutAt;

  private final ReentrantLock lock = new ReentrantLock();
  private final Condition goOn = lock.newCondition();
  private boolean held; // guarded by lock

  BrokenWire(int target) throws IOException {
    this.target = target;
    this.listening = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
    Thread.ofPlatform().daemon().name("wire").start(this::accept);
  }

  int port() {
    return listening.getLocalPort();
  }

  /**
   * Loses the next {@code count} responses to requests whose first bytes contain {@code words}. The
   * server receives the request and responds, but the connection is cut before the client gets it.
   */
  void loseAnswers(String words, int count) {
    losing = words;
    toLose.set(count);
  }

  /**
   * Cuts the next request whose first bytes contain {@code words} after {@code bytes} bytes: the
   * server sees the end of the connection, and the client gets its response.
   */
  void cutRequest(String words, int bytes) {
    cutting = words;
    cutAt = bytes;
    toCut.set(1);
  }

  /** Whether the request to cut was cut. */
  boolean hasCut() {
    return toCut.get() == 0;
  }

  /** The number of responses lost so far. */
  int lost() {
    return lost.get();
  }

  /** Silently stops forwarding from now on. */
  void hold() {
    setHeld(true);
  }

  /** Forwards everything that was held back. */
  void release() {
    setHeld(false);
  }

  private void setHeld(boolean value) {
    lock.lock();
    try {
      held = value;
      goOn.signalAll();
    } finally {
      lock.unlock();
    }
  }

  private void awaitReleased() throws InterruptedException {
    lock.lock();
    try {
      while (held) {
        goOn.await();
      }
    } finally {
      lock.unlock();
    }
  }

  private void accept() {
    while (!listening.isClosed()) {
      try {
        Socket client = listening.accept();
        Socket server = new Socket(InetAddress.getLoopbackAddress(), target);
        sockets.add(client);
        sockets.add(server);
        AtomicBoolean cut = new AtomicBoolean();
        Thread.ofPlatform().daemon().start(() -> pump(client, server, cut, true));
        Thread.ofPlatform().daemon().start(() -> pump(server, client, cut, false));
      } catch (IOException e) {
        // closed, or the server is down: the client sees the connection end
      }
    }
  }

  private void pump(Socket from, Socket to, AtomicBoolean cut, boolean request) {
    byte[] buffer = new byte[16 * 1024];
    try (from;
        to) {
      InputStream in = from.getInputStream();
      OutputStream out = to.getOutputStream();
      for (int n = in.read(buffer); n >= 0; n = in.read(buffer)) {
        awaitReleased();
        if (request) {
          String bytes = new String(buffer, 0, n, StandardCharsets.ISO_8859_1);
          if (isToLose(bytes)) {
            cut.set(true);
          }
          if (bytes.contains(cutting) && toCut.getAndUpdate(left -> Math.max(0, left - 1)) > 0) {
            cut(buffer, n, in, to);
            return;
          }
        } else if (cut.get()) {
          lost.incrementAndGet();
          return;
        }
        out.write(buffer, 0, n);
      }
    } catch (IOException e) {
      // one side closed its connection; close the other too
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /** Forwards the first bytes of a request, ends the connection, and reads what is still sent. */
  private void cut(byte[] buffer, int first, InputStream in, Socket to) throws IOException {
    int left = cutAt;
    OutputStream out = to.getOutputStream();
    for (int n = first; n >= 0; n = in.read(buffer)) {
      out.write(buffer, 0, Math.min(n, left));
      left -= n;
      if (left <= 0) {
        to.shutdownOutput();
        in.transferTo(OutputStream.nullOutputStream());
        return;
      }
    }
  }

  private boolean isToLose(String bytes) {
    return bytes.contains(losing) && toLose.getAndUpdate(left -> Math.max(0, left - 1)) > 0;
  }

  @Override
  public void close() throws IOException {
    release();
    listening.close();
    for (Socket socket : sockets) {
      socket.close();
    }
  }
}
