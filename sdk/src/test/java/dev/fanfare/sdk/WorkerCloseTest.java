package dev.fanfare.sdk;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.time.temporal.ChronoUnit;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** A worker can be closed from anywhere, and the run that closes it completes. */
@Timeout(25)
class WorkerCloseTest {
  /** Which thread closes the worker while the handler waits for it. */
  private enum Closer {
    HANDLER {
      @Override
      void close(Worker worker) {
        worker.close();
      }
    },
    HANDLER_TWICE {
      @Override
      void close(Worker worker) {
        worker.close();
        worker.close();
      }
    },
    ITS_PLATFORM_THREAD {
      @Override
      void close(Worker worker) throws InterruptedException {
        Thread.ofPlatform().start(worker::close).join();
      }
    },
    ITS_VIRTUAL_THREAD {
      @Override
      void close(Worker worker) throws InterruptedException {
        Thread.startVirtualThread(worker::close).join();
      }
    },
    ITS_EXECUTOR {
      @Override
      void close(Worker worker) {
        try (var threads = Executors.newFixedThreadPool(2)) {
          CompletableFuture.runAsync(worker::close, threads).join();
        }
      }
    };

    abstract void close(Worker worker) throws InterruptedException;
  }

  @ParameterizedTest
  @EnumSource
  void a_handler_that_closes_its_worker_completes(Closer closer) throws Exception {
    CompletableFuture<Worker> started = new CompletableFuture<>();
    Task<RawJson, String> last =
        Task.define("last", RawJson.class, String.class)
            .handler((payload, run) -> {
              closer.close(started.get());
              return "done";
            });
    try (WorkerStandIn server = new WorkerStandIn()) {
      Worker worker = server.worker(last).shutdownGrace(ChronoUnit.FOREVER.getDuration()).start();
      started.complete(worker);
      server.assign("last", "1");
      assertThat(server.finished().output()).isEqualTo("\"done\"");
      assertThat(server.closed()).isEqualTo("session_1");
      worker.close();
    }
  }

  @Test
  void closing_twice_at_once_returns_twice() throws Exception {
    Task<RawJson, RawJson> echo =
        Task.define("echo", RawJson.class, RawJson.class).handler((payload, run) -> payload);
    try (WorkerStandIn server = new WorkerStandIn()) {
      Worker worker = server.worker(echo).shutdownGrace(Duration.ofSeconds(5)).start();
      server.assign("echo", "1");
      assertThat(server.finished().output()).isEqualTo("1"); // the worker knows its session now
      CompletableFuture<Void> first = CompletableFuture.runAsync(worker::close);
      CompletableFuture<Void> second = CompletableFuture.runAsync(worker::close);
      CompletableFuture.allOf(first, second).get(15, TimeUnit.SECONDS);
      assertThat(server.closed()).isEqualTo("session_1");
    }
  }
}
