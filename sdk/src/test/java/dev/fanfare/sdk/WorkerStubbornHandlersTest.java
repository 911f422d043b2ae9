package dev.fanfare.sdk;

import static org.assertj.core.api.Assertions.assertThat;

import dev.fanfare.protocol.RunError;
import dev.fanfare.protocol.worker.Finished;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Whatever a handler does to itself or its thread, its run ends and the worker goes on. */
@Timeout(60)
class WorkerStubbornHandlersTest {
  private static final Task<RawJson, RawJson> ECHO =
      Task.define("echo", RawJson.class, RawJson.class).handler((payload, run) -> payload);

  /** Ignores every interrupt until it may end. */
  private static final class Stubborn implements TaskHandler<RawJson, String> {
    final CountDownLatch mayEnd = new CountDownLatch(1);
    final CountDownLatch ended = new CountDownLatch(1);
    final AtomicInteger calls = new AtomicInteger();

    @Override
    public String handle(RawJson payload, RunContext run) {
      calls.incrementAndGet();
      while (true) {
        try {
          mayEnd.await();
          ended.countDown();
          return "late";
        } catch (InterruptedException e) {
          // swallowed, as bad code does
        }
      }
    }

    Task<RawJson, String> task() {
      return Task.define("stubborn", RawJson.class, String.class).handler(this);
    }
  }

  @Test
  void ATT_09_a_handler_that_swallows_its_interrupt_times_out_and_frees_its_slot()
      throws Exception {
    Stubborn stubborn = new Stubborn();
    try (WorkerStandIn server = new WorkerStandIn();
        Worker worker = server.worker(stubborn.task(), ECHO).slots(1).start()) {
      server.maxDuration(Duration.ofMillis(1));
      String run = server.assign("stubborn", "1").runId();
      Finished end = server.finished();
      assertThat(end.runId()).isEqualTo(run);
      assertThat(end.error().code()).isEqualTo(RunError.Codes.TOO_LONG);
      assertThat(end.retryable()).isFalse();
      server.maxDuration(Duration.ofMinutes(1));
      server.assign("echo", "2"); // the slot is free
      assertThat(server.finished().output()).isEqualTo("2");
      stubborn.mayEnd.countDown();
      assertThat(stubborn.ended.await(20, TimeUnit.SECONDS)).isTrue();
      server.assign("echo", "3"); // the result that came late was dropped, and the slot is one slot
      assertThat(server.finished().output()).isEqualTo("3");
    }
  }

  @Test
  void handlers_that_swallow_their_interrupts_fill_a_worker_in_the_end() throws Exception {
    Stubborn stubborn = new Stubborn();
    try (WorkerStandIn server = new WorkerStandIn();
        Worker worker = server.worker(stubborn.task()).slots(1).start()) {
      server.maxDuration(Duration.ofMillis(1));
      for (int i = 0; i < 3; i++) {
        server.assign("stubborn", "1");
      }
      server.finished();
      server.finished();
      // One thread without a slot and one that keeps its slot: no third attempt starts.
      assertThat(stubborn.calls).hasValue(2);
      stubborn.mayEnd.countDown();
      server.finished();
      assertThat(stubborn.calls).hasValue(3);
    }
  }

  /** What handlers throw, leave behind and return. */
  private enum Behaviour {
    OUT_OF_MEMORY {
      @Override
      String act() {
        throw new OutOfMemoryError("on purpose");
      }
    },
    STACK_OVERFLOW {
      @Override
      String act() {
        return act() + act();
      }
    },
    LINKAGE {
      @Override
      String act() {
        throw new NoClassDefFoundError("missing");
      }
    },
    THREAD_DEATH {
      @Override
      @SuppressWarnings("removal")
      String act() {
        throw new ThreadDeath();
      }
    },
    SNEAKY {
      @Override
      String act() {
        throw sneaky(new Exception("checked"));
      }
    },
    INTERRUPTED_ITSELF {
      @Override
      String act() throws InterruptedException {
        Thread.currentThread().interrupt();
        Thread.sleep(1_000);
        return "";
      }
    };

    abstract String act() throws Exception;

    @SuppressWarnings({"unchecked", "TypeParameterUnusedInFormals"})
    private static <T extends Throwable> T sneaky(Throwable thrown) throws T {
      throw (T) thrown;
    }
  }

  @ParameterizedTest
  @EnumSource
  void whatever_a_handler_throws_fails_its_attempt_and_not_the_worker(Behaviour behaviour) {
    Task<RawJson, String> odd =
        Task.define("odd", RawJson.class, String.class).handler((payload, run) -> behaviour.act());
    try (WorkerStandIn server = new WorkerStandIn();
        Worker worker = server.worker(odd, ECHO).slots(1).start()) {
      server.assign("odd", "1");
      assertThat(server.finished().error().type()).isEqualTo(RunError.Type.BUILT_IN_ERROR);
      server.assign("echo", "2");
      assertThat(server.finished().output()).isEqualTo("2");
      assertThat(server.opened()).isEqualTo("session_1");
    }
  }

  @Test
  void a_handler_that_leaves_its_thread_interrupted_succeeds() {
    Task<RawJson, RawJson> leaving =
        Task.define("leaving", RawJson.class, RawJson.class)
            .handler((payload, run) -> {
              Thread.currentThread().interrupt();
              return payload;
            });
    try (WorkerStandIn server = new WorkerStandIn();
        Worker worker = server.worker(leaving).slots(1).start()) {
      server.assign("leaving", "1");
      server.assign("leaving", "2");
      assertThat(server.finished().output()).isEqualTo("1");
      assertThat(server.finished().output()).isEqualTo("2");
    }
  }

  @Test
  void an_output_of_50_MB_and_one_of_half_characters_are_reported() {
    Task<Integer, String> large =
        Task.define("large", Integer.class, String.class)
            .handler((payload, run) -> "o".repeat(payload));
    Task<Integer, String> halves =
        Task.define("halves", Integer.class, String.class)
            .handler((payload, run) -> "\ud83c".repeat(payload) + "\udfba\udfba");
    try (WorkerStandIn server = new WorkerStandIn();
        Worker worker = server.worker(large, halves).start()) {
      server.assign("large", "50000000");
      assertThat(server.finished().output()).hasSize(50_000_002);
      server.assign("halves", "2");
      assertThat(server.finished().output()).isEqualTo("\"\\ud83c\ud83c\udfba\\udfba\"");
    }
  }
}
