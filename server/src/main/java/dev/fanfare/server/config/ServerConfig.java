package dev.fanfare.server.config;

import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.regex.Pattern;
import javax.crypto.SecretKey;
import org.jspecify.annotations.Nullable;

/**
 * Everything a server is wired with. A value that exists is a value that makes sense: the
 * constructor refuses the rest with an {@link InvalidSettingException} that names the setting.
 *
 * <p>{@link #defaults()} is a server with nothing set; {@code defaults().toBuilder().port(0)…} is
 * the same with a difference. The setting's name of a component is its own in capitals: {@code
 * sessionLease} is {@code FANFARE_SESSION_LEASE}.
 *
 * @param host the address to listen on. Default {@code 127.0.0.1}, this machine only
 * @param port the TCP port to listen on. Default 3030; 0 takes any free one
 * @param databaseUrl the PostgreSQL to use, 15 or later. Absent: a PostgreSQL of Fanfare's own,
 *     kept in {@code home}
 * @param home the folder of everything that is kept outside the database. Default {@code .fanfare}
 *     in the working directory
 * @param devKey the secret key of the development environment, used when the database is first set
 *     up and ignored later. Absent: a random one
 * @param encryptionKey the AES-256 key under which secret keys rest in the database. Every server
 *     on one database needs the same. Absent: one made at first start and kept in {@code home}
 * @param databaseConnections the most connections to the database at once, which is also the most
 *     statements at once. Default 16
 * @param batchItemsMax the most items of one batch. Default 1,000
 * @param itemBytesMax the longest payload of one run, in bytes of its text. Default 3,145,728
 * @param triggerBodyBytesMax the longest body of a request that triggers one run, in bytes. Default
 *     3,145,728
 * @param batchBodyBytesMax the longest body of a request that triggers a batch, in bytes. Default
 *     64 MiB
 * @param bodiesInFlightBytesMax the most bytes of request bodies held at once; a request beyond is
 *     told to come back. Default a quarter of the maximum heap, and no less than the longest body
 *     that any other setting allows
 * @param outputBytesMax the longest output of one run, in bytes of its text. Default 10 MiB
 * @param reportBodyBytesMax the longest body of a worker's report, in bytes. Default 64 MiB
 * @param packetStore where the bytes of packets are kept. Default the database
 * @param packetFolder the folder of packets when {@code packetStore} is the disk. Absent: {@code
 *     packets} in {@code home}
 * @param packetBytesMax the longest packet, in bytes. Default 10 MiB
 * @param packetUrlLife how long a presigned URL can be used. Default 15 minutes
 * @param publicUrl where clients reach the server, for URLs that it gives them. Absent: where a
 *     request's {@code Host} header says that it went
 * @param idempotencyKeyTtl how long an idempotency key is remembered when the request does not say.
 *     Default 30 days
 * @param debounceMaxDelay how long after its creation further triggers can let a debounced run wait
 *     when they do not say. Absent: for ever
 * @param ttlMax the longest time that any run may be queued before it expires. Absent: for ever
 * @param sessionLease how long a worker's session lives without a sign of life. Default 30 seconds
 * @param batchSealLimit how long after its announcement a streamed batch may lack items before it
 *     is given up. Default 30 minutes
 * @param startLimit how long a worker may hold a run it was given without starting it. Default 60
 *     seconds
 * @param cancelLimit how long a worker may take to confirm that it stopped a canceled run. Default
 *     60 seconds
 * @param lossesMax how many times a run may be lost with its worker before it is given up. Default
 *     5
 * @param retryInPlaceMax the longest pause before a retry that the worker sits out itself instead
 *     of handing the run back. Default 5 seconds; 0 hands every retry back
 * @param pollWait how long a worker's poll is held when there is nothing for it. Default 15 seconds
 * @param claimMax the most runs that one poll is given. Default 500
 * @param slotsMax the most runs that one worker may execute at once. Default 10,000
 * @param pageSizeMax the most entries on one page of a list. Default 100
 * @param apiRate how many requests the secret keys of one environment may send together to the API,
 *     on each server; workers do not count. Default 30,000 at once and 10,000 a second
 * @param tokenRate how many requests one public access token may send, on each server. Default
 *     1,200 at once and 20 a second
 * @param batchRate how many items the batches of one environment may have together, on each server.
 *     Default 1,000,000 at once and 100,000 a second
 * @param sweepInterval the pause between two looks for delays come due, lapsed sessions and the
 *     like. Default 250 ms
 * @param shutdownGrace how long a stopping server lets requests and workers finish. Default 30
 *     seconds; 0 cuts them at once
 * @param bodyReadTimeout how long a client may take to send a request's body. Default 30 seconds
 */
public record ServerConfig(
    String host,
    int port,
    @Nullable DatabaseUrl databaseUrl,
    Path home,
    @Nullable String devKey,
    @Nullable SecretKey encryptionKey,
    int databaseConnections,
    int batchItemsMax,
    int itemBytesMax,
    int triggerBodyBytesMax,
    int batchBodyBytesMax,
    long bodiesInFlightBytesMax,
    int outputBytesMax,
    int reportBodyBytesMax,
    PacketStoreKind packetStore,
    @Nullable Path packetFolder,
    int packetBytesMax,
    Duration packetUrlLife,
    @Nullable URI publicUrl,
    Duration idempotencyKeyTtl,
    @Nullable Duration debounceMaxDelay,
    @Nullable Duration ttlMax,
    Duration sessionLease,
    Duration batchSealLimit,
    Duration startLimit,
    Duration cancelLimit,
    int lossesMax,
    Duration retryInPlaceMax,
    Duration pollWait,
    int claimMax,
    int slotsMax,
    int pageSizeMax,
    Rate apiRate,
    Rate tokenRate,
    Rate batchRate,
    Duration sweepInterval,
    Duration shutdownGrace,
    Duration bodyReadTimeout) {

  private static final Pattern DEV_KEY = Pattern.compile("tr_dev_[0-9A-Za-z]{24}");
  private static final int ENCRYPTION_KEY_BYTES = 32;

  /** Refuses what no server could work with. */
  public ServerConfig {
    if (host.isBlank()) {
      throw new InvalidSettingException("FANFARE_HOST", "must not be blank");
    }
    between("FANFARE_PORT", port, 0, 65_535);
    if (devKey != null && !DEV_KEY.matcher(devKey).matches()) {
      throw new InvalidSettingException(
          "FANFARE_DEV_KEY", "must be tr_dev_ and 24 letters or digits");
    }
    if (encryptionKey != null && encryptionKey.getEncoded().length != ENCRYPTION_KEY_BYTES) {
      throw new InvalidSettingException("FANFARE_ENCRYPTION_KEY", "must be 32 bytes long");
    }
    between("FANFARE_DATABASE_CONNECTIONS", databaseConnections, 2, 1_000); // one only listens
    between("FANFARE_BATCH_ITEMS_MAX", batchItemsMax, 1, 100_000);
    between("FANFARE_ITEM_BYTES_MAX", itemBytesMax, 1, Integer.MAX_VALUE);
    atLeast(
        "FANFARE_TRIGGER_BODY_BYTES_MAX",
        triggerBodyBytesMax,
        "FANFARE_ITEM_BYTES_MAX",
        itemBytesMax);
    atLeast(
        "FANFARE_BATCH_BODY_BYTES_MAX", batchBodyBytesMax, "FANFARE_ITEM_BYTES_MAX", itemBytesMax);
    between("FANFARE_OUTPUT_BYTES_MAX", outputBytesMax, 1, Integer.MAX_VALUE);
    atLeast(
        "FANFARE_REPORT_BODY_BYTES_MAX",
        reportBodyBytesMax,
        "FANFARE_OUTPUT_BYTES_MAX",
        outputBytesMax);
    // A body that can never fit the budget would be told to come back for ever.
    String inFlight = "FANFARE_BODIES_IN_FLIGHT_BYTES_MAX";
    atLeast(
        inFlight, bodiesInFlightBytesMax, "FANFARE_TRIGGER_BODY_BYTES_MAX", triggerBodyBytesMax);
    atLeast(inFlight, bodiesInFlightBytesMax, "FANFARE_BATCH_BODY_BYTES_MAX", batchBodyBytesMax);
    atLeast(inFlight, bodiesInFlightBytesMax, "FANFARE_REPORT_BODY_BYTES_MAX", reportBodyBytesMax);
    atLeast(inFlight, bodiesInFlightBytesMax, "FANFARE_PACKET_BYTES_MAX", packetBytesMax);
    between("FANFARE_PACKET_BYTES_MAX", packetBytesMax, 1, Integer.MAX_VALUE);
    between("FANFARE_PACKET_URL_LIFE", packetUrlLife, Duration.ofSeconds(1), Duration.ofDays(7));
    positive("FANFARE_IDEMPOTENCY_KEY_TTL", idempotencyKeyTtl);
    if (debounceMaxDelay != null) {
      positive("FANFARE_DEBOUNCE_MAX_DELAY", debounceMaxDelay);
    }
    if (ttlMax != null && ttlMax.toSeconds() < 1) {
      throw new InvalidSettingException("FANFARE_TTL_MAX", "must be at least a second");
    }
    positive("FANFARE_SESSION_LEASE", sessionLease);
    positive("FANFARE_BATCH_SEAL_LIMIT", batchSealLimit);
    positive("FANFARE_START_LIMIT", startLimit);
    positive("FANFARE_CANCEL_LIMIT", cancelLimit);
    between("FANFARE_LOSSES_MAX", lossesMax, 1, 1_000);
    notNegative("FANFARE_RETRY_IN_PLACE_MAX", retryInPlaceMax);
    positive("FANFARE_POLL_WAIT", pollWait);
    between("FANFARE_CLAIM_MAX", claimMax, 1, 10_000);
    between("FANFARE_SLOTS_MAX", slotsMax, 1, 1_000_000);
    between("FANFARE_PAGE_SIZE_MAX", pageSizeMax, 1, 10_000);
    if (!batchRate.isNone()) { // a batch that can never fit would be told to come back for ever
      atLeast("FANFARE_BATCH_RATE", batchRate.burst(), "FANFARE_BATCH_ITEMS_MAX", batchItemsMax);
    }
    positive("FANFARE_SWEEP_INTERVAL", sweepInterval);
    notNegative("FANFARE_SHUTDOWN_GRACE", shutdownGrace);
    positive("FANFARE_BODY_READ_TIMEOUT", bodyReadTimeout);
  }

  /** A server with nothing set. */
  public static ServerConfig defaults() {
    return new ServerConfigBuilder().build();
  }

  /** A builder that starts from these values. */
  public ServerConfigBuilder toBuilder() {
    return new ServerConfigBuilder(this);
  }

  /** Says where the server listens and stores; leaves out the keys, so that it can be logged. */
  @Override
  public String toString() {
    return "ServerConfig[%s:%d, database %s, home %s]"
        .formatted(host, port, databaseUrl == null ? "embedded" : databaseUrl, home);
  }

  private static void between(String name, int value, int min, int max) {
    if (value < min || value > max) {
      throw new InvalidSettingException(
          name,
          max == Integer.MAX_VALUE
              ? "must be at least %d, not %d".formatted(min, value)
              : "must be from %d to %d, not %d".formatted(min, max, value));
    }
  }

  private static void between(String name, Duration value, Duration min, Duration max) {
    if (value.compareTo(min) < 0 || value.compareTo(max) > 0) {
      throw new InvalidSettingException(
          name, "must be from %s to %s".formatted(Syntax.show(min), Syntax.show(max)));
    }
  }

  private static void atLeast(String name, long value, String floorName, long floor) {
    if (value < floor) {
      throw new InvalidSettingException(
          name, "must be at least %s (%d), not %d".formatted(floorName, floor, value));
    }
  }

  private static void positive(String name, Duration value) {
    if (!value.isPositive()) {
      throw new InvalidSettingException(name, "must be longer than nothing");
    }
  }

  private static void notNegative(String name, Duration value) {
    if (value.isNegative()) {
      throw new InvalidSettingException(name, "must not be negative");
    }
  }
}
