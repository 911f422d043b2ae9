package dev.fanfare.acceptance.chaos;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;

/**
 * A local proxy between a client and a server, which can fail on demand: it holds or loses bytes,
 * and ends connections.
 */
final class BrokenWire implements AutoCloseable {
  private static final int BACKLOG = 200;
  private static final Disturbance NONE = (request, bytes) -> Verdict.PASS;

  /** What happens to a piece of a request or of a response. */
  enum Verdict {
    PASS,
    /** Both sides see the connection end before the piece. */
    CUT,
    /** Both sides see the connection end in the middle of the piece. */
    CUT_HALFWAY,
    /** The receiver sees the sender's side end in the middle of the piece. */
    END_HALFWAY
  }

  /** Decides about each piece of the bytes that pass. It may wait. Called by many threads. */
  @FunctionalInterface
  interface Disturbance {
    /**
     * Decides about a piece.
     *
     * @param request whether the client sent it
     * @param bytes one character for each byte
     */
    Verdict of(boolean request, String bytes) throws InterruptedException;
  }

  /** A connection through the proxy. */
  private record Passage(Socket client, Socket server) {
    void close() {
      for (Socket socket : List.of(client, server)) {
        try {
          socket.close();
        } catch (IOException e) {
          // closed already
        }
      }
    }
  }

  private final int target;
  private final ServerSocket listening;
  private final Set<Passage> passages = ConcurrentHashMap.newKeySet();
  private final Set<Passage> abandoned = ConcurrentHashMap.newKeySet();
  private final AtomicInteger toLose = new AtomicInteger();
  private final AtomicInteger lost = new AtomicInteger();
  private volatile String losing = "";
  private final AtomicInteger toCut = new AtomicInteger();
  private volatile String cutting = "";
  private volatile int cutAt;
  private volatile Disturbance disturbance = NONE;

  private final ReentrantLock lock = new ReentrantLock();
  private final Condition goOn = lock.newCondition();
  private boolean held; // guarded by lock

  BrokenWire(int target) throws IOException {
    this.target = target;
    this.listening = new ServerSocket(0, BACKLOG, InetAddress.getLoopbackAddress());
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

  /** The number of requests and responses lost so far. */
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

  /** Lets {@code disturbance} decide about all bytes from now on, until {@link #settle}. */
  void disturb(Disturbance disturbance) {
    this.disturbance = disturbance;
  }

  /** Forwards all bytes again. */
  void settle() {
    disturbance = NONE;
  }

  /** Ends all connections. New ones work. */
  void cut() {
    passages.forEach(Passage::close);
  }

  /** Silently stops forwarding on all connections, until their ends close them. New ones work. */
  void abandon() {
    abandoned.addAll(passages);
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
        Thread.ofVirtual().start(() -> connect(client));
      } catch (IOException e) {
        // closed
      }
    }
  }

  private void connect(Socket client) {
    Passage passage;
    try {
      client.setTcpNoDelay(true);
      Socket server = new Socket(InetAddress.getLoopbackAddress(), target);
      server.setTcpNoDelay(true);
      passage = new Passage(client, server);
    } catch (IOException e) { // the server is down: the client sees the connection end
      new Passage(client, new Socket()).close();
      return;
    }
    passages.add(passage);
    AtomicBoolean cut = new AtomicBoolean();
    Thread.ofPlatform().daemon().start(() -> pump(passage, cut, true));
    Thread.ofPlatform().daemon().start(() -> pump(passage, cut, false));
  }

  private void pump(Passage passage, AtomicBoolean cut, boolean request) {
    Socket from = request ? passage.client : passage.server;
    Socket to = request ? passage.server : passage.client;
    byte[] buffer = new byte[16 * 1024];
    boolean halfOpen = false;
    try {
      InputStream in = from.getInputStream();
      OutputStream out = to.getOutputStream();
      for (int n = in.read(buffer); n >= 0; n = in.read(buffer)) {
        awaitReleased();
        if (halfOpen || abandoned.contains(passage)) {
          continue;
        }
        String bytes = new String(buffer, 0, n, StandardCharsets.ISO_8859_1);
        if (request) {
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
        Verdict verdict = disturbance.of(request, bytes);
        if (verdict != Verdict.PASS) {
          lost.incrementAndGet();
        }
        switch (verdict) {
          case PASS -> out.write(buffer, 0, n);
          case CUT -> {
            return;
          }
          case CUT_HALFWAY -> {
            out.write(buffer, 0, n / 2);
            return;
          }
          case END_HALFWAY -> {
            out.write(buffer, 0, n / 2);
            to.shutdownOutput();
            halfOpen = true;
          }
        }
      }
    } catch (IOException e) {
      // one side closed its connection; close the other too
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } finally {
      passage.close();
      passages.remove(passage);
      abandoned.remove(passage);
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
    cut();
  }
}
