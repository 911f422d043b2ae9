package dev.fanfare.server.lease;

import dev.fanfare.server.component.Component;
import dev.fanfare.server.component.Resources;
import dev.fanfare.server.component.Sweep;
import dev.fanfare.server.run.FinishRuns;
import dev.fanfare.server.run.RunComponent;
import java.util.List;

/** The use cases and sweeps of leases: claiming, reporting, handing back, canceling. */
public final class LeaseComponent implements Component {
  private final ClaimRuns claimRuns;
  private final WaitingPolls waitingPolls = new WaitingPolls();
  private final ResendRuns resendRuns;
  private final ReportAttempts reportAttempts;
  private final HandBack handBack;
  private final CancelRun cancelRun;
  private final List<Sweep> sweeps;

  public LeaseComponent(Resources resources, RunComponent run) {
    FinishRuns finishRuns = run.finishRuns();
    PayloadReads payloadReads = new PayloadReads();
    this.claimRuns = new ClaimRuns(resources.database(), payloadReads);
    this.reportAttempts = new ReportAttempts(resources, finishRuns);
    this.handBack = new HandBack(resources, finishRuns);
    this.resendRuns = new ResendRuns(resources.database(), payloadReads, handBack);
    this.cancelRun = new CancelRun(resources, finishRuns);
    Reclaim reclaim = new Reclaim(resources, finishRuns);
    this.sweeps =
        List.of(
            new LapseSweep(resources, reclaim),
            new ReclaimSweep(resources, reclaim),
            new CancelSweep(resources, finishRuns),
            new SlotSweep(resources.database()),
            new ParkSweep(resources.database()),
            new WakeSweep(resources),
            new NoticeSweep(resources));
  }

  /** Claims runs for a session. */
  public ClaimRuns claimRuns() {
    return claimRuns;
  }

  /** The polls that wait on this server. */
  public WaitingPolls waitingPolls() {
    return waitingPolls;
  }

  /** Returns runs to a session whose response to a poll was lost. */
  public ResendRuns resendRuns() {
    return resendRuns;
  }

  /** Writes the reports of workers. */
  public ReportAttempts reportAttempts() {
    return reportAttempts;
  }

  /** Returns runs of a session to their queues. */
  public HandBack handBack() {
    return handBack;
  }

  /** Cancels runs. */
  public CancelRun cancelRun() {
    return cancelRun;
  }

  @Override
  public List<Sweep> sweeps() {
    return sweeps;
  }
}
