package dev.fanfare.server.config;

import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.stream.IntStream;
import javax.crypto.SecretKey;
import org.jspecify.annotations.Nullable;

/**
 * Makes a {@link ServerConfig}, whose documentation tells what each value means. What is not said
 * keeps its default, and the defaults stand here and nowhere else. For one thread.
 */
public final class ServerConfigBuilder {
  private static final int MIB = 1_048_576;

  private String host = "127.0.0.1";
  private int port = 3030;
  private @Nullable DatabaseUrl databaseUrl;
  private Path home = Path.of(".fanfare");
  private @Nullable String devKey;
  private @Nullable SecretKey encryptionKey;
  private int databaseConnections = 16;
  private int batchItemsMax = 1_000;
  private int itemBytesMax = 3 * MIB;
  private int triggerBodyBytesMax = 3 * MIB;
  private int batchBodyBytesMax = 64 * MIB;
  private @Nullable Long bodiesInFlightBytesMax;
  private int outputBytesMax = 10 * MIB;
  private int reportBodyBytesMax = 64 * MIB;
  private PacketStoreKind packetStore = PacketStoreKind.DATABASE;
  private @Nullable Path packetFolder;
  private int packetBytesMax = 10 * MIB;
  private Duration packetUrlLife = Duration.ofMinutes(15);
  private @Nullable URI publicUrl;
  private Duration idempotencyKeyTtl = Duration.ofDays(30);
  private @Nullable Duration debounceMaxDelay;
  private @Nullable Duration ttlMax;
  private Duration sessionLease = Duration.ofSeconds(30);
  private Duration batchSealLimit = Duration.ofMinutes(30);
  private Duration startLimit = Duration.ofSeconds(60);
  private Duration cancelLimit = Duration.ofSeconds(60);
  private int lossesMax = 5;
  private Duration retryInPlaceMax = Duration.ofSeconds(5);
  private Duration pollWait = Duration.ofSeconds(15);
  private int claimMax = 500;
  private int slotsMax = 10_000;
  private int pageSizeMax = 100;
  private Rate apiRate = new Rate(30_000, 10_000);
  private Rate tokenRate = new Rate(1_200, 20);
  private Rate batchRate = new Rate(1_000_000, 100_000);
  private Duration sweepInterval = Duration.ofMillis(250);
  private Duration shutdownGrace = Duration.ofSeconds(30);
  private Duration bodyReadTimeout = Duration.ofSeconds(30);

  /** Starts from the defaults. */
  public ServerConfigBuilder() {}

  ServerConfigBuilder(ServerConfig config) {
    host = config.host();
    port = config.port();
    databaseUrl = config.databaseUrl();
    home = config.home();
    devKey = config.devKey();
    encryptionKey = config.encryptionKey();
    databaseConnections = config.databaseConnections();
    batchItemsMax = config.batchItemsMax();
    itemBytesMax = config.itemBytesMax();
    triggerBodyBytesMax = config.triggerBodyBytesMax();
    batchBodyBytesMax = config.batchBodyBytesMax();
    bodiesInFlightBytesMax = config.bodiesInFlightBytesMax();
    outputBytesMax = config.outputBytesMax();
    reportBodyBytesMax = config.reportBodyBytesMax();
    packetStore = config.packetStore();
    packetFolder = config.packetFolder();
    packetBytesMax = config.packetBytesMax();
    packetUrlLife = config.packetUrlLife();
    publicUrl = config.publicUrl();
    idempotencyKeyTtl = config.idempotencyKeyTtl();
    debounceMaxDelay = config.debounceMaxDelay();
    ttlMax = config.ttlMax();
    sessionLease = config.sessionLease();
    batchSealLimit = config.batchSealLimit();
    startLimit = config.startLimit();
    cancelLimit = config.cancelLimit();
    lossesMax = config.lossesMax();
    retryInPlaceMax = config.retryInPlaceMax();
    pollWait = config.pollWait();
    claimMax = config.claimMax();
    slotsMax = config.slotsMax();
    pageSizeMax = config.pageSizeMax();
    apiRate = config.apiRate();
    tokenRate = config.tokenRate();
    batchRate = config.batchRate();
    sweepInterval = config.sweepInterval();
    shutdownGrace = config.shutdownGrace();
    bodyReadTimeout = config.bodyReadTimeout();
  }

  /** See {@link ServerConfig#host()}. */
  public ServerConfigBuilder host(String value) {
    host = value;
    return this;
  }

  /** See {@link ServerConfig#port()}. */
  public ServerConfigBuilder port(int value) {
    port = value;
    return this;
  }

  /** See {@link ServerConfig#databaseUrl()}. */
  public ServerConfigBuilder databaseUrl(@Nullable DatabaseUrl value) {
    databaseUrl = value;
    return this;
  }

  /** See {@link ServerConfig#home()}. */
  public ServerConfigBuilder home(Path value) {
    home = value;
    return this;
  }

  /** See {@link ServerConfig#devKey()}. */
  public ServerConfigBuilder devKey(@Nullable String value) {
    devKey = value;
    return this;
  }

  /** See {@link ServerConfig#encryptionKey()}. */
  public ServerConfigBuilder encryptionKey(@Nullable SecretKey value) {
    encryptionKey = value;
    return this;
  }

  /** See {@link ServerConfig#databaseConnections()}. */
  public ServerConfigBuilder databaseConnections(int value) {
    databaseConnections = value;
    return this;
  }

  /** See {@link ServerConfig#batchItemsMax()}. */
  public ServerConfigBuilder batchItemsMax(int value) {
    batchItemsMax = value;
    return this;
  }

  /** See {@link ServerConfig#itemBytesMax()}. */
  public ServerConfigBuilder itemBytesMax(int value) {
    itemBytesMax = value;
    return this;
  }

  /** See {@link ServerConfig#triggerBodyBytesMax()}. */
  public ServerConfigBuilder triggerBodyBytesMax(int value) {
    triggerBodyBytesMax = value;
    return this;
  }

  /** See {@link ServerConfig#batchBodyBytesMax()}. */
  public ServerConfigBuilder batchBodyBytesMax(int value) {
    batchBodyBytesMax = value;
    return this;
  }

  /** See {@link ServerConfig#bodiesInFlightBytesMax()}. */
  public ServerConfigBuilder bodiesInFlightBytesMax(long value) {
    bodiesInFlightBytesMax = value;
    return this;
  }

  /** See {@link ServerConfig#outputBytesMax()}. */
  public ServerConfigBuilder outputBytesMax(int value) {
    outputBytesMax = value;
    return this;
  }

  /** See {@link ServerConfig#reportBodyBytesMax()}. */
  public ServerConfigBuilder reportBodyBytesMax(int value) {
    reportBodyBytesMax = value;
    return this;
  }

  /** See {@link ServerConfig#packetStore()}. */
  public ServerConfigBuilder packetStore(PacketStoreKind value) {
    packetStore = value;
    return this;
  }

  /** See {@link ServerConfig#packetFolder()}. */
  public ServerConfigBuilder packetFolder(@Nullable Path value) {
    packetFolder = value;
    return this;
  }

  /** See {@link ServerConfig#packetBytesMax()}. */
  public ServerConfigBuilder packetBytesMax(int value) {
    packetBytesMax = value;
    return this;
  }

  /** See {@link ServerConfig#packetUrlLife()}. */
  public ServerConfigBuilder packetUrlLife(Duration value) {
    packetUrlLife = value;
    return this;
  }

  /** See {@link ServerConfig#publicUrl()}. */
  public ServerConfigBuilder publicUrl(@Nullable URI value) {
    publicUrl = value;
    return this;
  }

  /** See {@link ServerConfig#idempotencyKeyTtl()}. */
  public ServerConfigBuilder idempotencyKeyTtl(Duration value) {
    idempotencyKeyTtl = value;
    return this;
  }

  /** See {@link ServerConfig#debounceMaxDelay()}. */
  public ServerConfigBuilder debounceMaxDelay(@Nullable Duration value) {
    debounceMaxDelay = value;
    return this;
  }

  /** See {@link ServerConfig#ttlMax()}. */
  public ServerConfigBuilder ttlMax(@Nullable Duration value) {
    ttlMax = value;
    return this;
  }

  /** See {@link ServerConfig#sessionLease()}. */
  public ServerConfigBuilder sessionLease(Duration value) {
    sessionLease = value;
    return this;
  }

  /** See {@link ServerConfig#batchSealLimit()}. */
  public ServerConfigBuilder batchSealLimit(Duration value) {
    batchSealLimit = value;
    return this;
  }

  /** See {@link ServerConfig#startLimit()}. */
  public ServerConfigBuilder startLimit(Duration value) {
    startLimit = value;
    return this;
  }

  /** See {@link ServerConfig#cancelLimit()}. */
  public ServerConfigBuilder cancelLimit(Duration value) {
    cancelLimit = value;
    return this;
  }

  /** See {@link ServerConfig#lossesMax()}. */
  public ServerConfigBuilder lossesMax(int value) {
    lossesMax = value;
    return this;
  }

  /** See {@link ServerConfig#retryInPlaceMax()}. */
  public ServerConfigBuilder retryInPlaceMax(Duration value) {
    retryInPlaceMax = value;
    return this;
  }

  /** See {@link ServerConfig#pollWait()}. */
  public ServerConfigBuilder pollWait(Duration value) {
    pollWait = value;
    return this;
  }

  /** See {@link ServerConfig#claimMax()}. */
  public ServerConfigBuilder claimMax(int value) {
    claimMax = value;
    return this;
  }

  /** See {@link ServerConfig#slotsMax()}. */
  public ServerConfigBuilder slotsMax(int value) {
    slotsMax = value;
    return this;
  }

  /** See {@link ServerConfig#pageSizeMax()}. */
  public ServerConfigBuilder pageSizeMax(int value) {
    pageSizeMax = value;
    return this;
  }

  /** See {@link ServerConfig#apiRate()}. */
  public ServerConfigBuilder apiRate(Rate value) {
    apiRate = value;
    return this;
  }

  /** See {@link ServerConfig#tokenRate()}. */
  public ServerConfigBuilder tokenRate(Rate value) {
    tokenRate = value;
    return this;
  }

  /** See {@link ServerConfig#batchRate()}. */
  public ServerConfigBuilder batchRate(Rate value) {
    batchRate = value;
    return this;
  }

  /** See {@link ServerConfig#sweepInterval()}. */
  public ServerConfigBuilder sweepInterval(Duration value) {
    sweepInterval = value;
    return this;
  }

  /** See {@link ServerConfig#shutdownGrace()}. */
  public ServerConfigBuilder shutdownGrace(Duration value) {
    shutdownGrace = value;
    return this;
  }

  /** See {@link ServerConfig#bodyReadTimeout()}. */
  public ServerConfigBuilder bodyReadTimeout(Duration value) {
    bodyReadTimeout = value;
    return this;
  }

  /**
   * The configuration.
   *
   * @throws InvalidSettingException when a value, or two together, make no sense
   */
  public ServerConfig build() {
    return new ServerConfig(
        host,
        port,
        databaseUrl,
        home,
        devKey,
        encryptionKey,
        databaseConnections,
        batchItemsMax,
        itemBytesMax,
        triggerBodyBytesMax,
        batchBodyBytesMax,
        bodiesInFlightBytesMax == null ? defaultBodiesInFlightBytesMax() : bodiesInFlightBytesMax,
        outputBytesMax,
        reportBodyBytesMax,
        packetStore,
        packetFolder,
        packetBytesMax,
        packetUrlLife,
        publicUrl,
        idempotencyKeyTtl,
        debounceMaxDelay,
        ttlMax,
        sessionLease,
        batchSealLimit,
        startLimit,
        cancelLimit,
        lossesMax,
        retryInPlaceMax,
        pollWait,
        claimMax,
        slotsMax,
        pageSizeMax,
        apiRate,
        tokenRate,
        batchRate,
        sweepInterval,
        shutdownGrace,
        bodyReadTimeout);
  }

  private long defaultBodiesInFlightBytesMax() {
    long longestBody =
        IntStream.of(triggerBodyBytesMax, batchBodyBytesMax, reportBodyBytesMax, packetBytesMax)
            .max()
            .getAsInt();
    return Math.max(Runtime.getRuntime().maxMemory() / 4, longestBody);
  }
}
