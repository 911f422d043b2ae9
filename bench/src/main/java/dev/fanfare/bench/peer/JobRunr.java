package dev.fanfare.bench.peer;

import com.zaxxer.hikari.HikariDataSource;
import java.time.Duration;
import java.util.List;
import org.jobrunr.jobs.lambdas.JobRequest;
import org.jobrunr.jobs.lambdas.JobRequestHandler;
import org.jobrunr.jobs.mappers.JobMapper;
import org.jobrunr.scheduling.JobRequestScheduler;
import org.jobrunr.server.BackgroundJobServer;
import org.jobrunr.server.BackgroundJobServerConfiguration;
import org.jobrunr.storage.StorageProvider;
import org.jobrunr.storage.sql.postgres.PostgresStorageProvider;
import org.jobrunr.utils.mapper.JsonMapper;
import org.jobrunr.utils.mapper.jackson3.Jackson3JsonMapper;
import org.jspecify.annotations.Nullable;

/** JobRunr, a library for Java that is embedded in an application. */
final class JobRunr implements JvmQueue {
  /** The shortest that is allowed with an SQL database. */
  private static final Duration POLLING = Duration.ofSeconds(5);

  /** Of all jobs: it needs several updates for each. */
  private static final double SHARE = 0.05;

  private final JsonMapper json = new Jackson3JsonMapper();
  private final StorageProvider storage;
  private final JobRequestScheduler scheduler;
  private @Nullable BackgroundJobServer server;

  private JobRunr(StorageProvider storage) {
    this.storage = storage;
    storage.setJobMapper(new JobMapper(json));
    this.scheduler = new JobRequestScheduler(storage);
  }

  static PeerDefinition definition() {
    return new PeerDefinition(
        "JobRunr",
        "enqueue(Stream) of 1,000 with reWriteBatchedInserts, one virtual thread for each job in"
            + " flight, polling every %s s (the minimum), %s connections; %s of the jobs"
                .formatted(POLLING.toSeconds(), PeerPool.SIZE, SHARE),
        "jobrunr_jobs",
        "select from jobrunr_jobs where state in ('ENQUEUED', 'PROCESSING')",
        SHARE,
        false,
        PeerDefinition.jvm(JobRunr.class));
  }

  /** The main method of the child processes. */
  public static void main(String[] args) throws Exception {
    HikariDataSource pool = PeerPool.open();
    QueueLines.serve(new JobRunr(new PostgresStorageProvider(pool)), BackgroundJobServer.class);
  }

  /** A job that does nothing. */
  public record Nothing(int number, String text) implements JobRequest {
    @Override
    public Class<NothingHandler> getJobRequestHandler() {
      return NothingHandler.class;
    }
  }

  /** Does nothing. */
  public static final class NothingHandler implements JobRequestHandler<Nothing> {
    @Override
    public void run(Nothing job) {
      Handled.one();
    }
  }

  /** A job that measures its latency. */
  public record Since(long micros) implements JobRequest {
    @Override
    public Class<SinceHandler> getJobRequestHandler() {
      return SinceHandler.class;
    }
  }

  /** Measures the latency. */
  public static final class SinceHandler implements JobRequestHandler<Since> {
    @Override
    public void run(Since job) {
      Handled.since(job.micros());
    }
  }

  @Override
  public void store(List<Payload> batch) {
    scheduler.enqueue(batch.stream().map(job -> new Nothing(job.number(), job.text())));
  }

  @Override
  public void trigger(long nowMicros) {
    scheduler.enqueue(new Since(nowMicros));
  }

  @Override
  public void start(int inFlight) {
    server =
        new BackgroundJobServer(
            storage,
            json,
            null,
            BackgroundJobServerConfiguration.usingStandardBackgroundJobServerConfiguration()
                .andPollInterval(POLLING)
                .andWorkerCount(inFlight));
    server.start();
  }

  @Override
  public void stop() {
    if (server != null) {
      server.stop();
      server = null;
    }
  }
}
