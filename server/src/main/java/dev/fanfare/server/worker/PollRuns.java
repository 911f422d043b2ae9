package dev.fanfare.server.worker;

import static dev.fanfare.server.config.ServerSettings.CLAIM_MAX;
import static dev.fanfare.server.config.ServerSettings.POLL_WAIT;
import static dev.fanfare.server.config.ServerSettings.SESSION_LEASE;

import dev.fanfare.server.component.Resources;
import dev.fanfare.server.config.ServerConfig;
import dev.fanfare.server.db.DatabaseException;
import dev.fanfare.server.db.Signals;
import dev.fanfare.server.lease.ClaimMemory;
import dev.fanfare.server.lease.ClaimRuns;
import dev.fanfare.server.lease.ClaimedRun;
import dev.fanfare.server.lease.HandBack;
import dev.fanfare.server.lease.LeaseComponent;
import dev.fanfare.server.lease.LeaseRef;
import dev.fanfare.server.lease.ResendRuns;
import dev.fanfare.server.lease.WaitingPolls;
import dev.fanfare.server.lease.WaitingPolls.Seat;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ThreadLocalRandom;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Answers the polls of sessions. Thread-safe. */
public final class PollRuns {
  private static final Logger log = LoggerFactory.getLogger(PollRuns.class);

  /**
   * How often a waiting poll looks whether its worker is still there. It also claims, if nobody
   * checks whether signals were lost.
   */
  private static final Duration CLAIM_INTERVAL = Duration.ofSeconds(1);

  private static final Duration SOON_MIN = Duration.ofMillis(5);
  private static final Duration SOON_MAX = Duration.ofMillis(20);
  private static final int CONTENTIONS_MAX = 50;

  private final Signals signals;
  private final ServerConfig config;
  private final ClaimRuns claimRuns;
  private final WaitingPolls waitingPolls;
  private final ResendRuns resendRuns;
  private final HandBack handBack;
  private volatile boolean stopping;

  PollRuns(Resources resources, LeaseComponent lease) {
    this.signals = resources.signals();
    this.config = resources.config();
    this.claimRuns = lease.claimRuns();
    this.waitingPolls = lease.waitingPolls();
    this.resendRuns = lease.resendRuns();
    this.handBack = lease.handBack();
  }

  /**
   * What a worker asks for.
   *
   * @param slots the maximum number of runs
   * @param number the number of the poll in its session; 0: the worker does not number its polls
   * @param unanswered the first of the earlier polls that got no response; 0: all did
   * @param held how many runs the worker holds; absent: it does not say
   */
  public record Order(int slots, int number, int unanswered, @Nullable Integer held) {}

  /**
   * The result of a poll.
   *
   * @param canceled leases of the session whose run was canceled; each is named again until it ends
   */
  public record Polled(List<ClaimedRun> runs, List<LeaseRef> canceled) {
    static final Polled NOTHING = new Polled(List.of(), List.of());

    public boolean isEmpty() {
      return runs.isEmpty() && canceled.isEmpty();
    }
  }

  /** Begins a poll of a session, up to {@code FANFARE_POLL_WAIT} from now. */
  Poll begin(CachedSession session, Order order, ClaimMemory memory) {
    session.polls(order.number());
    return new Poll(session, order, memory);
  }

  /** Makes waiting polls return, because the server stops. */
  void stop() {
    stopping = true;
  }

  /** One poll of a session. For use by one thread. */
  public final class Poll {
    private final CachedSession session;
    private final Order order;
    private final ClaimMemory memory;
    private final int environmentId;
    private final int max;
    private final ClaimRuns.Claimant claimant;
    private final long deadline = System.nanoTime() + config.get(POLL_WAIT).toNanos();
    private long ticket; // of the signals before the last claim
    private ClaimRuns.@Nullable Turn rest; // where the last claim stopped without having seen all
    private int contentions; // the number of last claims in a row that skipped locked rows

    private Poll(CachedSession session, Order order, ClaimMemory memory) {
      this.session = session;
      this.order = order;
      this.memory = memory;
      this.environmentId = session.session.environmentId();
      int wanted = Math.min(order.slots(), config.get(CLAIM_MAX));
      Integer held = order.held();
      this.max = held == null ? wanted : Math.clamp(session.session.heldMax() - held, 0, wanted);
      this.claimant =
          new ClaimRuns.Claimant(
              session.session.id(),
              session.session.taskIds(),
              session.session.versionId(),
              order.number());
    }

    /** Returns what there is now: runs of unanswered polls, otherwise runs that are ready. */
    public Polled now() {
      if (order.unanswered() > 0) {
        List<ClaimedRun> again =
            resendRuns.resend(
                environmentId,
                claimant.sessionId(),
                order.unanswered(),
                order.number(),
                config.get(CLAIM_MAX),
                memory);
        if (!again.isEmpty()) {
          session.leases.add(again);
          return new Polled(again, List.of());
        }
      }
      if (max == 0) {
        return Polled.NOTHING;
      }
      ticket = signals.ticket(environmentId);
      return claim();
    }

    /** Whether the poll must be answered, even with nothing. */
    public boolean isOver() {
      return max == 0 || stopping || System.nanoTime() >= deadline || isAbandoned();
    }

    /**
     * Whether nobody may be waiting for the response any more. A waiting poll does not show that
     * its worker is still alive, so it is given up without a contact for half a lease: runs that
     * are claimed for a dead worker come back only when its session lapses.
     */
    private boolean isAbandoned() {
      return session.isClosed()
          || !session.isNewest(order.number())
          || !session.isRenewedWithin(config.get(SESSION_LEASE).dividedBy(2));
    }

    /**
     * Waits until there are runs or the poll is over. Call it after {@link #now}.
     *
     * @param stillThere called about every second and before each claim. What it throws, because
     *     the worker is gone, ends the poll before it claims
     */
    public Polled await(Runnable stillThere) {
      Polled polled = Polled.NOTHING;
      try (Signals.Waiter waiter = signals.join(environmentId, claimant.taskIds(), max, ticket)) {
        Seat seat =
            waitingPolls.seat(environmentId, claimant, max, memory, () -> !isOver(), waiter::wake);
        while (polled.isEmpty() && !isOver()) {
          boolean claims = rest != null || awaitSignal(waiter, seat) || isContended();
          Polled handed = leave(seat, stillThere);
          if (!handed.isEmpty() || isAbandoned()) {
            return handed;
          }
          if (!claims && signals.areChecked()) {
            continue;
          }
          Signals.Look look = waiter.look();
          ticket = look.ticket();
          polled = claim();
          if (look.others() || polled.runs().size() < look.runs()) {
            tellOfOtherTasks();
          }
          waiter.looked();
        }
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      }
      return polled;
    }

    private boolean awaitSignal(Signals.Waiter waiter, Seat seat) throws InterruptedException {
      seat.take();
      try {
        return waiter.await(pause());
      } catch (InterruptedException e) {
        undelivered(new Polled(seat.leave(), List.of()));
        throw e;
      }
    }

    /** Ends the wait; returns the runs that were handed over meanwhile. */
    private Polled leave(Seat seat, Runnable stillThere) {
      try {
        stillThere.run();
      } catch (Throwable e) {
        undelivered(new Polled(seat.leave(), List.of()));
        throw e;
      }
      Polled handed = new Polled(seat.leave(), List.of());
      session.leases.add(handed.runs());
      return handed;
    }

    /**
     * How long to wait for a signal. After a claim that skipped locked rows, a moment: they may be
     * let go without a signal. But only a few times in a row, since a lock may be held for long.
     */
    private Duration pause() {
      long most = Math.min(deadline - System.nanoTime(), CLAIM_INTERVAL.toNanos());
      long nanos =
          isContended()
              ? ThreadLocalRandom.current().nextLong(SOON_MIN.toNanos(), SOON_MAX.toNanos())
              : most;
      return Duration.ofNanos(Math.min(most, nanos));
    }

    private boolean isContended() {
      return contentions > 0 && contentions <= CONTENTIONS_MAX;
    }

    private Polled claim() {
      ClaimRuns.Turn turn = rest != null ? rest : ClaimRuns.Turn.after(session.last);
      ClaimRuns.Claim claim = claimRuns.claim(environmentId, claimant, max, turn, memory);
      session.last = claim.last();
      session.leases.add(claim.runs());
      boolean found = !claim.runs().isEmpty() || !claim.canceled().isEmpty();
      rest = claim.rest();
      contentions = claim.contended() ? contentions + 1 : 0;
      tellOthers(claim);
      return found ? new Polled(claim.runs(), claim.canceled()) : Polled.NOTHING;
    }

    /** Wakes polls for what this one saw and did not take, or for what it did not get to see. */
    private void tellOthers(ClaimRuns.Claim claim) {
      if (claim.othersCount() > 0) {
        signals.passOn(environmentId, ticket, claim.others(), claim.othersCount());
      }
      if (claim.rest() != null && !claim.runs().isEmpty()) {
        signals.passOn(environmentId, ticket, claimant.taskIds(), 1);
      }
    }

    /** Wakes polls for what only they can take, because the signal may have been about that. */
    private void tellOfOtherTasks() {
      for (int taskId : claimRuns.tasksOfOthers(environmentId, claimant)) {
        signals.passOn(environmentId, ticket, Set.of(taskId), 1);
      }
    }

    /** Hands back what the poll has claimed, because the response could not be sent. */
    public void undelivered(Polled polled) {
      if (polled.runs().isEmpty()) {
        return;
      }
      try {
        handBack.undelivered(
            environmentId,
            claimant.sessionId(),
            order.number(),
            polled.runs().stream().map(ClaimedRun::runId).toList());
        log.info(
            "The response to a poll of session {} could not be sent; its {} runs are queued again",
            claimant.sessionId(),
            polled.runs().size());
      } catch (DatabaseException e) {
        log.warn(
            "The response to a poll could not be sent, and its {} runs could not be queued again;"
                + " they are resent or reclaimed: {}",
            polled.runs().size(),
            e.getMessage());
      }
    }
  }
}
