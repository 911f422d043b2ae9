package dev.fanfare.bench.measure;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.time.Duration;
import java.util.Random;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;

class DelayedPortTest {
  private static final Duration DELAY = Duration.ofMillis(20);

  @Test
  void every_round_trip_takes_longer_and_all_bytes_arrive_in_order() throws Exception {
    byte[] sent = new byte[3_000_000];
    new Random(1).nextBytes(sent);
    try (ServerSocket listening = new ServerSocket(0, 1, InetAddress.getLoopbackAddress());
        ExecutorService threads = Executors.newSingleThreadExecutor();
        DelayedPort delayed = DelayedPort.start(listening.getLocalPort(), DELAY)) {
      Future<byte[]> received = threads.submit(() -> answerOnceAndReceive(listening, sent.length));
      try (Socket client = new Socket(InetAddress.getLoopbackAddress(), delayed.port())) {
        DataOutputStream out = new DataOutputStream(client.getOutputStream());
        DataInputStream in = new DataInputStream(client.getInputStream());
        long begun = System.nanoTime();
        out.write(1);
        assertThat(in.readByte()).isEqualTo((byte) 2);
        assertThat(System.nanoTime() - begun).isGreaterThanOrEqualTo(DELAY.toNanos());
        out.write(sent);
        assertThat(in.readByte()).isEqualTo((byte) 3);
      }
      assertThat(received.get()).isEqualTo(sent);
    }
  }

  private static byte[] answerOnceAndReceive(ServerSocket listening, int length) throws Exception {
    try (Socket server = listening.accept()) {
      DataInputStream in = new DataInputStream(server.getInputStream());
      DataOutputStream out = new DataOutputStream(server.getOutputStream());
      in.readByte();
      out.write(2);
      byte[] received = in.readNBytes(length);
      out.write(3);
      return received;
    }
  }
}
