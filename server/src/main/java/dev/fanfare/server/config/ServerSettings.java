package dev.fanfare.server.config;

import static dev.fanfare.server.config.Rule.NOT_BLANK;
import static dev.fanfare.server.config.Rule.NOT_NEGATIVE;
import static dev.fanfare.server.config.Rule.POSITIVE;
import static dev.fanfare.server.config.Rule.atLeast;
import static dev.fanfare.server.config.Rule.between;
import static dev.fanfare.server.config.Rule.fitsHeap;
import static dev.fanfare.server.config.Rule.keyBytes;
import static dev.fanfare.server.config.Rule.matching;
import static dev.fanfare.server.config.Rule.onlyWith;
import static dev.fanfare.server.config.Rule.withinBurst;
import static dev.fanfare.server.config.Syntax.BYTES;
import static dev.fanfare.server.config.Syntax.DATABASE;
import static dev.fanfare.server.config.Syntax.DURATION;
import static dev.fanfare.server.config.Syntax.INTEGER;
import static dev.fanfare.server.config.Syntax.KEY;
import static dev.fanfare.server.config.Syntax.LARGE_BYTES;
import static dev.fanfare.server.config.Syntax.PATH;
import static dev.fanfare.server.config.Syntax.RATE;
import static dev.fanfare.server.config.Syntax.SECRET;
import static dev.fanfare.server.config.Syntax.TEXT;
import static dev.fanfare.server.config.Syntax.URL;

import dev.fanfare.server.config.RequestMemory.Decoding;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.regex.Pattern;
import javax.crypto.SecretKey;
import org.jspecify.annotations.Nullable;

/**
 * Every setting of the server, each declared in one place: {@code docs/reference/settings.md},
 * {@code fanfare config}, the rules and the defaults all come from here. The constant of {@code
 * FANFARE_PORT} is {@code PORT}.
 *
 * <p>Declare a setting after those that its rules refer to. The order of the declarations is that
 * of the documentation.
 */
public final class ServerSettings {
  private static final int MIB = 1024 * 1024;

  /** The items of a streamed batch, unless it is said otherwise. */
  private static final int STREAMED_ITEMS = 1_000_000;

  private static final Section CONNECTIONS = new Section("Network and storage");
  private static final Section SECRETS = new Section("Secrets");
  private static final Section REQUESTS = new Section("Limits on requests");
  private static final Section WORKERS = new Section("Workers");
  private static final Section OPERATION = new Section("Operation");

  static final List<Section> SECTIONS = List.of(CONNECTIONS, SECRETS, REQUESTS, WORKERS, OPERATION);

  public static final Setting<String> HOST =
      CONNECTIONS
          .declare(TEXT, "FANFARE_HOST", NOT_BLANK)
          .doc(
              "Address to listen on; the default accepts connections from this machine only."
                  + " There is no TLS: put a proxy in front")
          .byDefault("127.0.0.1");

  public static final Setting<Integer> PORT =
      CONNECTIONS
          .declare(INTEGER, "FANFARE_PORT", between(0, 65_535))
          .doc("TCP port to listen on; 0 takes any free one")
          .byDefault("3030");

  public static final Setting<Integer> CONNECTIONS_MAX =
      CONNECTIONS
          .declare(INTEGER, "FANFARE_CONNECTIONS_MAX", between(1, 1_000_000))
          .doc(
              "Maximum number of connections of clients and workers; beyond it, only `/health/` is"
                  + " answered, everything else gets 503")
          .derived(
              "one for each 256KiB of the maximum heap",
              config -> (int) (Runtime.getRuntime().maxMemory() / (256 * 1024)));

  public static final Setting<@Nullable DatabaseUrl> DATABASE_URL =
      CONNECTIONS
          .declare(DATABASE, "FANFARE_DATABASE_URL")
          .doc(
              "PostgreSQL 15 or later:"
                  + " `postgres://user:password@host:5432/database?parameters`, `postgresql://…` or"
                  + " `jdbc:postgresql:…`")
          .absent("embedded PostgreSQL");

  public static final Setting<@Nullable DatabaseUrl> DATABASE_DIRECT_URL =
      CONNECTIONS
          .declare(DATABASE, "FANFARE_DATABASE_DIRECT_URL", onlyWith(DATABASE_URL))
          .doc(
              "The same database without the pooler in between, when `FANFARE_DATABASE_URL` leads"
                  + " to one that [shares connections between"
                  + " transactions](../operations.md#pgbouncer). One connection of each server"
                  + " listens there for the runs of other servers, and migrations use it")
          .absent("the way that `FANFARE_DATABASE_URL` leads");

  public static final Setting<Path> HOME =
      CONNECTIONS
          .declare(PATH, "FANFARE_HOME")
          .doc(
              "Folder of everything outside the database, such as the embedded PostgreSQL and the"
                  + " encryption key. Relative to the working directory")
          .byDefault(".fanfare");

  public static final Setting<@Nullable URI> PUBLIC_URL =
      CONNECTIONS
          .declare(URL, "FANFARE_PUBLIC_URL")
          .doc(
              "Where clients reach the server, such as `https://tasks.example.com`:"
                  + " [presigned URLs](packets.md#presigned-urls) begin with it")
          .absent("the Host header of each request");

  public static final Setting<PacketStoreKind> PACKET_STORE =
      CONNECTIONS
          .declare(Syntax.PACKET_STORE, "FANFARE_PACKET_STORE")
          .doc("Where the bytes of [packets](packets.md#where-the-bytes-are) are stored")
          .byDefault("database");

  public static final Setting<@Nullable Path> PACKET_FOLDER =
      CONNECTIONS
          .declare(PATH, "FANFARE_PACKET_FOLDER")
          .doc("Folder of packets when they are stored on disk. Servers of one database share it")
          .absent("packets in FANFARE_HOME");

  public static final Setting<Integer> DATABASE_CONNECTIONS =
      CONNECTIONS
          .declare(INTEGER, "FANFARE_DATABASE_CONNECTIONS", between(5, 1_000))
          .doc(
              "Maximum number of database connections, and so of concurrent statements. One listens"
                  + " for signals, one watches the database, and two or three are reserved for"
                  + " sweeps and sessions")
          .byDefault("20");

  public static final Setting<Retention> RETENTION =
      CONNECTIONS
          .declare(Syntax.RETENTION, "FANFARE_RETENTION")
          .doc(
              "How long runs and batches are [kept](../operations.md#storage) after they are"
                  + " final, in environments without a retention of their own. Use the same value"
                  + " on all servers of a database")
          .byDefault("30d");

  public static final Setting<Duration> PARTITION_SPAN =
      CONNECTIONS
          .declare(
              DURATION,
              "FANFARE_PARTITION_SPAN",
              between(Duration.ofSeconds(1), Duration.ofDays(366)))
          .doc(
              "How much time one [partition](../operations.md#storage) of the runs covers. Use"
                  + " the same value on all servers of a database")
          .byDefault("7d");

  public static final Setting<@Nullable String> DEV_KEY =
      SECRETS
          .declare(
              SECRET,
              "FANFARE_DEV_KEY",
              matching(
                  Pattern.compile("tr_dev_[0-9A-Za-z]{24}"), "tr_dev_ and 24 letters or digits"))
          .doc(
              "Secret key of the environment `dev` when the database is first set up; ignored"
                  + " later")
          .absent("random, kept in the database");

  public static final Setting<@Nullable SecretKey> ENCRYPTION_KEY =
      SECRETS
          .declare(KEY, "FANFARE_ENCRYPTION_KEY", keyBytes(32))
          .doc(
              "AES-256 key that encrypts secret keys in the database and signs the URLs of packets."
                  + " All servers of one database need the same. Without it, the first start"
                  + " generates one")
          .absent("random, kept in FANFARE_HOME");

  public static final Setting<Integer> BATCH_ITEMS_MAX =
      REQUESTS
          .declare(INTEGER, "FANFARE_BATCH_ITEMS_MAX", between(1, 100_000))
          .doc("Maximum number of items in a batch that is triggered with one request")
          .byDefault("1000");

  public static final Setting<Integer> ITEM_BYTES_MAX =
      REQUESTS
          .declare(BYTES, "FANFARE_ITEM_BYTES_MAX", Rule.atLeast(1).and(fitsHeap(Decoding.TEXTS)))
          .doc("Maximum size of a run's payload, as JSON text")
          .byDefault("3MiB");

  public static final Setting<Integer> TRIGGER_BODY_BYTES_MAX =
      REQUESTS
          .declare(
              BYTES,
              "FANFARE_TRIGGER_BODY_BYTES_MAX",
              atLeast(Integer::longValue, List.of(ITEM_BYTES_MAX)).and(fitsHeap(Decoding.TEXTS)))
          .doc("Maximum size of a request body that triggers one run")
          .byDefault("3MiB");

  public static final Setting<Integer> BATCH_BODY_BYTES_MAX =
      REQUESTS
          .declare(
              BYTES,
              "FANFARE_BATCH_BODY_BYTES_MAX",
              atLeast(Integer::longValue, List.of(ITEM_BYTES_MAX)).and(fitsHeap(Decoding.TEXTS)))
          .doc("Maximum size of a request body that triggers a batch")
          .derived(
              "64MiB, less in a heap below 256 MB", config -> fitting(64 * MIB, Decoding.TEXTS));

  public static final Setting<Integer> OUTPUT_BYTES_MAX =
      REQUESTS
          .declare(
              BYTES, "FANFARE_OUTPUT_BYTES_MAX", Rule.atLeast(1).and(fitsHeap(Decoding.LONG_TEXTS)))
          .doc("Maximum size of a run's output, as JSON text")
          .byDefault("10MiB");

  public static final Setting<Integer> REPORT_BODY_BYTES_MAX =
      REQUESTS
          .declare(
              BYTES,
              "FANFARE_REPORT_BODY_BYTES_MAX",
              atLeast(Integer::longValue, List.of(OUTPUT_BYTES_MAX))
                  .and(fitsHeap(Decoding.LONG_TEXTS)))
          .doc("Maximum size of the request body of a worker's report")
          .derived(
              "32MiB, less in a heap below 256 MB",
              config -> fitting(32 * MIB, Decoding.LONG_TEXTS));

  public static final Setting<Integer> PACKET_BYTES_MAX =
      REQUESTS
          .declare(BYTES, "FANFARE_PACKET_BYTES_MAX", Rule.atLeast(1).and(fitsHeap(Decoding.BYTES)))
          .doc("Maximum size of a packet")
          .byDefault("10MiB");

  public static final Setting<Duration> PACKET_URL_LIFE =
      REQUESTS
          .declare(
              DURATION,
              "FANFARE_PACKET_URL_LIFE",
              between(Duration.ofSeconds(1), Duration.ofDays(7)))
          .doc("How long a presigned URL is valid")
          .byDefault("15m");

  private static final List<Setting<Integer>> BODIES =
      List.of(
          TRIGGER_BODY_BYTES_MAX, BATCH_BODY_BYTES_MAX, REPORT_BODY_BYTES_MAX, PACKET_BYTES_MAX);

  /** At least the longest body: a client whose body never fits would retry forever. */
  public static final Setting<Long> BODIES_IN_FLIGHT_BYTES_MAX =
      REQUESTS
          .declare(
              LARGE_BYTES, "FANFARE_BODIES_IN_FLIGHT_BYTES_MAX", atLeast(Long::longValue, BODIES))
          .doc(
              "Maximum size of all request bodies in memory together, without what is made of them;"
                  + " beyond it, requests get 503")
          .derived(
              "a quarter of the maximum heap, or the longest allowed body if that is more",
              ServerSettings::defaultBodiesInFlightBytesMax);

  public static final Setting<Duration> BODY_READ_TIMEOUT =
      REQUESTS
          .declare(DURATION, "FANFARE_BODY_READ_TIMEOUT", POSITIVE)
          .doc("How long a client may be silent within a request, and a connection idle")
          .byDefault("30s");

  public static final Setting<Integer> PAGE_SIZE_MAX =
      REQUESTS
          .declare(INTEGER, "FANFARE_PAGE_SIZE_MAX", between(1, 10_000))
          .doc("Maximum number of entries on a page of a list")
          .byDefault("100");

  public static final Setting<Rate> API_RATE =
      REQUESTS
          .declare(RATE, "FANFARE_API_RATE")
          .doc(
              "Limit on requests with the secret keys of an environment, on each server. Requests"
                  + " of workers do not count")
          .byDefault("30000+10000/s");

  public static final Setting<Rate> TOKEN_RATE =
      REQUESTS
          .declare(RATE, "FANFARE_TOKEN_RATE")
          .doc("Limit on requests with one public access token, on each server")
          .byDefault("1200+20/s");

  /** At least the longest batch: a client whose batch never fits would retry forever. */
  public static final Setting<Rate> BATCH_RATE =
      REQUESTS
          .declare(
              RATE,
              "FANFARE_BATCH_RATE",
              atLeast(
                  rate -> rate.isNone() ? Long.MAX_VALUE : rate.burst(), List.of(BATCH_ITEMS_MAX)))
          .doc(
              "Limit on the items in an environment's batches, on each server. The number before"
                  + " the plus must be at least `FANFARE_BATCH_ITEMS_MAX`")
          .byDefault("1000000+100000/s");

  /** At most what the rate lets through at once: a client of a larger batch would retry forever. */
  public static final Setting<Integer> STREAMED_BATCH_ITEMS_MAX =
      REQUESTS
          .declare(
              INTEGER,
              "FANFARE_STREAMED_BATCH_ITEMS_MAX",
              between(1, 10_000_000).and(withinBurst(BATCH_RATE)))
          .doc("Maximum number of items in a batch whose items are streamed")
          .derived(
              "1000000, or the number before the plus in FANFARE_BATCH_RATE if that is less",
              ServerSettings::defaultStreamedBatchItemsMax);

  public static final Setting<Duration> IDEMPOTENCY_KEY_TTL =
      REQUESTS
          .declare(
              DURATION,
              "FANFARE_IDEMPOTENCY_KEY_TTL",
              between(Duration.ofSeconds(1), Duration.ofDays(366)))
          .doc("How long an idempotency key is remembered when the request sets no TTL")
          .byDefault("30d");

  public static final Setting<@Nullable Duration> TTL_MAX =
      REQUESTS
          .declare(DURATION, "FANFARE_TTL_MAX", atLeast(Duration.ofSeconds(1)))
          .doc(
              "Maximum time that a run may be queued before it expires; applies to runs without a"
                  + " `ttl` and to those with a longer one")
          .absent("no limit");

  public static final Setting<@Nullable Duration> DEBOUNCE_MAX_DELAY =
      REQUESTS
          .declare(DURATION, "FANFARE_DEBOUNCE_MAX_DELAY", POSITIVE)
          .doc(
              "How long after its creation further triggers can postpone a debounced run when they"
                  + " set no `maxDelay`")
          .absent("no limit");

  public static final Setting<Duration> BATCH_SEAL_LIMIT =
      REQUESTS
          .declare(DURATION, "FANFARE_BATCH_SEAL_LIMIT", POSITIVE)
          .doc("How long a streamed batch may lack items after its creation before it is aborted")
          .byDefault("30m");

  public static final Setting<Duration> SESSION_LEASE =
      WORKERS
          .declare(DURATION, "FANFARE_SESSION_LEASE", POSITIVE)
          .doc("How long a worker's session lives without contact")
          .byDefault("30s");

  public static final Setting<Duration> START_LIMIT =
      WORKERS
          .declare(DURATION, "FANFARE_START_LIMIT", POSITIVE)
          .doc("How long a worker may hold a claimed run without starting it")
          .byDefault("60s");

  public static final Setting<Duration> CANCEL_LIMIT =
      WORKERS
          .declare(DURATION, "FANFARE_CANCEL_LIMIT", POSITIVE)
          .doc("How long a worker may take to confirm that it stopped a canceled run")
          .byDefault("60s");

  public static final Setting<Integer> LOSSES_MAX =
      WORKERS
          .declare(INTEGER, "FANFARE_LOSSES_MAX", between(1, 1_000))
          .doc("How often a run may be lost with its worker before it ends as SYSTEM_FAILURE")
          .byDefault("5");

  public static final Setting<Duration> RETRY_IN_PLACE_MAX =
      WORKERS
          .declare(DURATION, "FANFARE_RETRY_IN_PLACE_MAX", NOT_NEGATIVE)
          .doc(
              "Longest backoff that a worker waits out itself. With a longer one, the run waits in"
                  + " its queue")
          .byDefault("5s");

  public static final Setting<Duration> POLL_WAIT =
      WORKERS
          .declare(DURATION, "FANFARE_POLL_WAIT", POSITIVE)
          .doc("How long a worker's poll is held while no run is ready")
          .byDefault("15s");

  public static final Setting<Integer> CLAIM_MAX =
      WORKERS
          .declare(INTEGER, "FANFARE_CLAIM_MAX", between(1, 10_000))
          .doc("Maximum number of runs in the response to one poll")
          .byDefault("500");

  public static final Setting<Integer> SLOTS_MAX =
      WORKERS
          .declare(INTEGER, "FANFARE_SLOTS_MAX", between(1, 1_000_000))
          .doc("Maximum number of slots of one worker: the runs that it executes concurrently")
          .byDefault("10000");

  public static final Setting<Duration> SWEEP_INTERVAL =
      OPERATION
          .declare(DURATION, "FANFARE_SWEEP_INTERVAL", POSITIVE)
          .doc(
              "How often a server asks the database for delays, times to live and sessions that end"
                  + " soon. Delayed runs start on time, however rarely it asks")
          .byDefault("1s");

  public static final Setting<Duration> SHUTDOWN_GRACE =
      OPERATION
          .declare(DURATION, "FANFARE_SHUTDOWN_GRACE", NOT_NEGATIVE)
          .doc(
              "How long a stopping server lets requests and workers finish. `0s` interrupts them at"
                  + " once")
          .byDefault("30s");

  public static final Setting<@Nullable String> LOG_LEVEL =
      OPERATION
          .declare(Syntax.oneOf("trace", "debug", "info", "warn", "error"), "FANFARE_LOG_LEVEL")
          .doc("Lowest level that is logged")
          .absent("info; warn for demo and short commands");

  public static final Setting<String> LOG_FORMAT =
      OPERATION
          .declare(Syntax.oneOf("text", "json"), "FANFARE_LOG_FORMAT")
          .doc("Form of log lines; `json` writes one object a line")
          .byDefault("text");

  static final Setting<@Nullable Path> CONFIG =
      OPERATION
          .declare(PATH, "FANFARE_CONFIG")
          .doc("The properties file, relative to the working directory. Environment only")
          .environmentOnly("fanfare.properties, if it exists");

  static final Setting<@Nullable Path> JAVA =
      OPERATION
          .declare(PATH, "FANFARE_JAVA")
          .doc("A JDK's folder or its `java`. Read by the launcher, environment only")
          .environmentOnly("the launcher's choice");

  static final Setting<@Nullable String> JAVA_OPTS =
      OPERATION
          .declare(TEXT, "FANFARE_JAVA_OPTS")
          .doc(
              "Options of that Java in place of the launcher's own, which are `-Xmx256m` and more."
                  + " Read by the launcher, environment only")
          .environmentOnly("the launcher's choice");

  /** Every setting, in the order of their declarations. */
  static final List<Setting<?>> ALL =
      SECTIONS.stream().<Setting<?>>flatMap(section -> section.settings().stream()).toList();

  private ServerSettings() {}

  private static int fitting(int bytes, Decoding decoding) {
    return (int) Math.min(bytes, decoding.largest(RequestMemory.ofOne()));
  }

  private static long defaultBodiesInFlightBytesMax(ServerConfig config) {
    int longestBody = BODIES.stream().mapToInt(config::get).max().getAsInt();
    return Math.max(Runtime.getRuntime().maxMemory() / 4, longestBody);
  }

  private static int defaultStreamedBatchItemsMax(ServerConfig config) {
    Rate rate = config.get(BATCH_RATE);
    return rate.isNone() ? STREAMED_ITEMS : Math.min(STREAMED_ITEMS, rate.burst());
  }
}
