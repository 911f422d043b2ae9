package dev.fanfare.server.config;

import java.util.List;
import java.util.Locale;
import java.util.function.BiConsumer;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * One thing an operator can set: its name, how it reaches the configuration and how it is shown.
 */
final class Setting {
  private final String name;
  private final BiConsumer<ServerConfigBuilder, String> apply;
  private final Function<ServerConfig, String> show;

  private Setting(
      String name,
      BiConsumer<ServerConfigBuilder, String> apply,
      Function<ServerConfig, String> show) {
    this.name = name;
    this.apply = apply;
    this.show = show;
  }

  /** Every setting of the server, in the order in which people want to read them. */
  static final List<Setting> OF_THE_SERVER =
      List.of(
          of("HOST", Syntax.TEXT, ServerConfigBuilder::host, ServerConfig::host),
          of("PORT", Syntax.INTEGER, ServerConfigBuilder::port, ServerConfig::port),
          optional(
              "DATABASE_URL",
              Syntax.DATABASE,
              ServerConfigBuilder::databaseUrl,
              ServerConfig::databaseUrl,
              "(embedded PostgreSQL)"),
          of("HOME", Syntax.FOLDER, ServerConfigBuilder::home, ServerConfig::home),
          optional(
              "DEV_KEY",
              Syntax.SECRET,
              ServerConfigBuilder::devKey,
              ServerConfig::devKey,
              "(random, kept in the database)"),
          optional(
              "ENCRYPTION_KEY",
              Syntax.KEY,
              ServerConfigBuilder::encryptionKey,
              ServerConfig::encryptionKey,
              "(random, kept in FANFARE_HOME)"),
          of(
              "DATABASE_CONNECTIONS",
              Syntax.INTEGER,
              ServerConfigBuilder::databaseConnections,
              ServerConfig::databaseConnections),
          of(
              "BATCH_ITEMS_MAX",
              Syntax.INTEGER,
              ServerConfigBuilder::batchItemsMax,
              ServerConfig::batchItemsMax),
          of(
              "ITEM_BYTES_MAX",
              Syntax.BYTES,
              ServerConfigBuilder::itemBytesMax,
              ServerConfig::itemBytesMax),
          of(
              "TRIGGER_BODY_BYTES_MAX",
              Syntax.BYTES,
              ServerConfigBuilder::triggerBodyBytesMax,
              ServerConfig::triggerBodyBytesMax),
          of(
              "BATCH_BODY_BYTES_MAX",
              Syntax.BYTES,
              ServerConfigBuilder::batchBodyBytesMax,
              ServerConfig::batchBodyBytesMax),
          of(
              "BODIES_IN_FLIGHT_BYTES_MAX",
              Syntax.LARGE_BYTES,
              ServerConfigBuilder::bodiesInFlightBytesMax,
              ServerConfig::bodiesInFlightBytesMax),
          of(
              "OUTPUT_BYTES_MAX",
              Syntax.BYTES,
              ServerConfigBuilder::outputBytesMax,
              ServerConfig::outputBytesMax),
          of(
              "REPORT_BODY_BYTES_MAX",
              Syntax.BYTES,
              ServerConfigBuilder::reportBodyBytesMax,
              ServerConfig::reportBodyBytesMax),
          of(
              "PACKET_STORE",
              Syntax.PACKET_STORE,
              ServerConfigBuilder::packetStore,
              ServerConfig::packetStore),
          optional(
              "PACKET_FOLDER",
              Syntax.FOLDER,
              ServerConfigBuilder::packetFolder,
              ServerConfig::packetFolder,
              "(packets in FANFARE_HOME)"),
          of(
              "PACKET_BYTES_MAX",
              Syntax.BYTES,
              ServerConfigBuilder::packetBytesMax,
              ServerConfig::packetBytesMax),
          of(
              "PACKET_URL_LIFE",
              Syntax.DURATION,
              ServerConfigBuilder::packetUrlLife,
              ServerConfig::packetUrlLife),
          optional(
              "PUBLIC_URL",
              Syntax.URL,
              ServerConfigBuilder::publicUrl,
              ServerConfig::publicUrl,
              "(the Host header of each request)"),
          of(
              "IDEMPOTENCY_KEY_TTL",
              Syntax.DURATION,
              ServerConfigBuilder::idempotencyKeyTtl,
              ServerConfig::idempotencyKeyTtl),
          optional(
              "DEBOUNCE_MAX_DELAY",
              Syntax.DURATION,
              ServerConfigBuilder::debounceMaxDelay,
              ServerConfig::debounceMaxDelay,
              "(none)"),
          optional(
              "TTL_MAX",
              Syntax.DURATION,
              ServerConfigBuilder::ttlMax,
              ServerConfig::ttlMax,
              "(none)"),
          of(
              "SESSION_LEASE",
              Syntax.DURATION,
              ServerConfigBuilder::sessionLease,
              ServerConfig::sessionLease),
          of(
              "BATCH_SEAL_LIMIT",
              Syntax.DURATION,
              ServerConfigBuilder::batchSealLimit,
              ServerConfig::batchSealLimit),
          of(
              "START_LIMIT",
              Syntax.DURATION,
              ServerConfigBuilder::startLimit,
              ServerConfig::startLimit),
          of(
              "CANCEL_LIMIT",
              Syntax.DURATION,
              ServerConfigBuilder::cancelLimit,
              ServerConfig::cancelLimit),
          of("LOSSES_MAX", Syntax.INTEGER, ServerConfigBuilder::lossesMax, ServerConfig::lossesMax),
          of(
              "RETRY_IN_PLACE_MAX",
              Syntax.DURATION,
              ServerConfigBuilder::retryInPlaceMax,
              ServerConfig::retryInPlaceMax),
          of("POLL_WAIT", Syntax.DURATION, ServerConfigBuilder::pollWait, ServerConfig::pollWait),
          of("CLAIM_MAX", Syntax.INTEGER, ServerConfigBuilder::claimMax, ServerConfig::claimMax),
          of("SLOTS_MAX", Syntax.INTEGER, ServerConfigBuilder::slotsMax, ServerConfig::slotsMax),
          of(
              "PAGE_SIZE_MAX",
              Syntax.INTEGER,
              ServerConfigBuilder::pageSizeMax,
              ServerConfig::pageSizeMax),
          of("API_RATE", Syntax.RATE, ServerConfigBuilder::apiRate, ServerConfig::apiRate),
          of("TOKEN_RATE", Syntax.RATE, ServerConfigBuilder::tokenRate, ServerConfig::tokenRate),
          of("BATCH_RATE", Syntax.RATE, ServerConfigBuilder::batchRate, ServerConfig::batchRate),
          of(
              "SWEEP_INTERVAL",
              Syntax.DURATION,
              ServerConfigBuilder::sweepInterval,
              ServerConfig::sweepInterval),
          of(
              "SHUTDOWN_GRACE",
              Syntax.DURATION,
              ServerConfigBuilder::shutdownGrace,
              ServerConfig::shutdownGrace),
          of(
              "BODY_READ_TIMEOUT",
              Syntax.DURATION,
              ServerConfigBuilder::bodyReadTimeout,
              ServerConfig::bodyReadTimeout));

  /** The environment variable, such as {@code FANFARE_DATABASE_URL}. */
  String name() {
    return name;
  }

  /** Reads {@code text} into {@code builder}, or throws what names this setting. */
  void apply(ServerConfigBuilder builder, String text) {
    apply.accept(builder, text);
  }

  /** The value in {@code config}, for people: secrets are stars. */
  String show(ServerConfig config) {
    return show.apply(config);
  }

  /**
   * The key in the properties file: {@code FANFARE_DATABASE_URL} is {@code fanfare.database.url}.
   * No name holds a dot and no key an underscore, so each has exactly one other form.
   */
  static String key(String name) {
    return name.toLowerCase(Locale.ROOT).replace('_', '.');
  }

  private static <T> Setting of(
      String name,
      Syntax<T> syntax,
      BiConsumer<ServerConfigBuilder, T> set,
      Function<ServerConfig, T> get) {
    return optional(name, syntax, set, get, "");
  }

  private static <T> Setting optional(
      String shortName,
      Syntax<T> syntax,
      BiConsumer<ServerConfigBuilder, T> set,
      Function<ServerConfig, ? extends @Nullable T> get,
      String whenAbsent) {
    String name = "FANFARE_" + shortName;
    return new Setting(
        name,
        (builder, text) -> set.accept(builder, read(name, syntax, text)),
        config -> {
          T value = get.apply(config);
          return value == null ? whenAbsent : syntax.show().apply(value);
        });
  }

  private static <T> T read(String name, Syntax<T> syntax, String text) {
    try {
      return syntax.read().apply(text);
    } catch (InvalidSettingException e) {
      throw e;
    } catch (IllegalArgumentException e) {
      String not = syntax.echoed() ? ", not \"" + text + "\"" : "";
      throw new InvalidSettingException(name, "must be " + syntax.expectation() + not);
    }
  }
}
