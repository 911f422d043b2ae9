package dev.fanfare.server.config;

import java.net.URI;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Base64;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import java.util.function.Function;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.crypto.SecretKey;
import javax.crypto.spec.SecretKeySpec;

/**
 * How an operator writes a value of one kind, and how it is shown.
 *
 * @param form the kind, for documentation
 * @param expectation what follows "must be" when a text cannot be read
 * @param echoed whether the error text may repeat the value; never for what can hold a secret
 * @param read throws {@link IllegalArgumentException} for a text of another kind
 * @param show the text for people, with secrets as stars
 */
record Syntax<T>(
    String form,
    String expectation,
    boolean echoed,
    Function<String, T> read,
    Function<T, String> show) {

  private static final Pattern AMOUNT = Pattern.compile("([0-9]{1,18})([A-Za-z]*)");
  private static final Pattern RATE_TEXT = Pattern.compile("([0-9]{1,9})\\+([0-9]{1,9})/s");
  private static final String FOREVER = "forever";
  private static final String NO_RATE = "none";
  private static final String STARS = "****";

  static final Syntax<String> TEXT =
      new Syntax<>("text", "a text", true, text -> text, text -> text);

  static final Syntax<Integer> INTEGER =
      new Syntax<>("integer", "a whole number", true, Integer::valueOf, String::valueOf);

  static final Syntax<Integer> BYTES =
      new Syntax<>(
          "size below 2 GiB",
          "a number of bytes such as 3145728, 3MiB or 3MB, below 2 GiB",
          true,
          Syntax::bytesOfOneBody,
          bytes -> show((long) bytes));

  static final Syntax<Long> LARGE_BYTES =
      new Syntax<>(
          "size",
          "a number of bytes such as 67108864, 64MiB or 64MB",
          true,
          Syntax::bytes,
          Syntax::show);

  static final Syntax<Duration> DURATION =
      new Syntax<>(
          "duration",
          "a duration such as 250ms, 10s, 5m, 2h or 30d",
          true,
          Syntax::duration,
          Syntax::show);

  static final Syntax<Rate> RATE =
      new Syntax<>(
          "rate",
          "a rate such as 1000+50/s, a thousand at once and fifty more each second, or none",
          true,
          Syntax::rate,
          Syntax::show);

  static final Syntax<Retention> RETENTION =
      new Syntax<>(
          "duration or `forever`",
          "a duration such as 12h or 30d, or forever",
          true,
          text -> text.equals(FOREVER) ? Retention.FOREVER : new Retention(Syntax.duration(text)),
          retention -> retention.span() == null ? FOREVER : show(retention.span()));

  static final Syntax<Path> PATH =
      new Syntax<>("path", "a path", true, Syntax::path, Path::toString);

  static final Syntax<PacketStoreKind> PACKET_STORE =
      new Syntax<>(
          "`database` or `disk`",
          "database or disk",
          true,
          text -> PacketStoreKind.valueOf(lowerCase(text).toUpperCase(Locale.ROOT)),
          kind -> kind.name().toLowerCase(Locale.ROOT));

  static final Syntax<URI> URL =
      new Syntax<>(
          "http or https URL",
          "an http or https URL without user, query or fragment",
          false,
          Syntax::url,
          URI::toString);

  static final Syntax<DatabaseUrl> DATABASE =
      new Syntax<>(
          "URL", "the URL of a database", false, DatabaseUrl::parse, DatabaseUrl::toString);

  static final Syntax<String> SECRET =
      new Syntax<>("text", "a key", false, text -> text, key -> STARS);

  static final Syntax<SecretKey> KEY =
      new Syntax<>(
          "64 hexadecimal digits or base64",
          "32 random bytes, written as 64 hexadecimal digits or in base64",
          false,
          Syntax::key,
          key -> STARS);

  /** One of a few words, in any case. */
  static Syntax<String> oneOf(String... words) {
    return new Syntax<>(
        "`" + String.join("`, `", words) + "`",
        "one of " + String.join(", ", words),
        true,
        text -> {
          String word = text.toLowerCase(Locale.ROOT);
          if (!List.of(words).contains(word)) {
            throw new IllegalArgumentException("no such word");
          }
          return word;
        },
        word -> word);
  }

  private static long bytes(String text) {
    Matcher amount = amount(text);
    long unit =
        switch (amount.group(2).toLowerCase(Locale.ROOT)) {
          case "", "b" -> 1;
          case "kb" -> 1_000;
          case "mb" -> 1_000_000;
          case "gb" -> 1_000_000_000;
          case "kib" -> 1 << 10;
          case "mib" -> 1 << 20;
          case "gib" -> 1 << 30;
          default -> throw new IllegalArgumentException("no such unit");
        };
    return exactly(Long.parseLong(amount.group(1)), unit);
  }

  /** One body is one array, which Java cannot make longer. */
  private static int bytesOfOneBody(String text) {
    long bytes = bytes(text);
    if (bytes > Integer.MAX_VALUE) {
      throw new IllegalArgumentException("too many");
    }
    return (int) bytes;
  }

  private static String show(long bytes) {
    for (int unit = 3; unit > 0; unit--) {
      long size = 1L << (10 * unit);
      if (bytes > 0 && bytes % size == 0) {
        return bytes / size + "KMG".substring(unit - 1, unit) + "iB";
      }
    }
    return Long.toString(bytes);
  }

  private static Duration duration(String text) {
    Matcher amount = amount(text);
    long millis =
        switch (amount.group(2)) {
          case "ms" -> 1;
          case "s" -> 1_000;
          case "m" -> 60_000;
          case "h" -> 3_600_000;
          case "d" -> 86_400_000;
          default -> throw new IllegalArgumentException("no such unit");
        };
    return Duration.ofMillis(exactly(Long.parseLong(amount.group(1)), millis));
  }

  static String show(Duration duration) {
    long millis = duration.toMillis();
    if (millis == 0 || millis % 1_000 != 0) {
      return millis + "ms";
    }
    long seconds = millis / 1_000;
    if (seconds % 86_400 == 0) {
      return seconds / 86_400 + "d";
    }
    // Up to two minutes read best in seconds: the default of 60s stays 60s.
    return seconds % 60 == 0 && seconds >= 120 ? seconds / 60 + "m" : seconds + "s";
  }

  private static Rate rate(String text) {
    Matcher rate = RATE_TEXT.matcher(text);
    if (text.equals(NO_RATE)) {
      return Rate.NONE;
    }
    if (!rate.matches()) {
      throw new IllegalArgumentException("no rate");
    }
    return new Rate(Integer.parseInt(rate.group(1)), Integer.parseInt(rate.group(2)));
  }

  private static String show(Rate rate) {
    return rate.isNone() ? NO_RATE : rate.burst() + "+" + rate.perSecond() + "/s";
  }

  private static String lowerCase(String text) {
    if (!text.equals(text.toLowerCase(Locale.ROOT))) {
      throw new IllegalArgumentException("not in lower case");
    }
    return text;
  }

  private static URI url(String text) {
    URI url = URI.create(text);
    if (!String.valueOf(url.getScheme()).matches("https?")
        || url.getHost() == null
        || url.getUserInfo() != null
        || url.getQuery() != null
        || url.getFragment() != null) {
      throw new IllegalArgumentException("no such address");
    }
    return url;
  }

  private static Path path(String text) {
    try {
      return Path.of(text);
    } catch (InvalidPathException e) {
      throw new IllegalArgumentException(e);
    }
  }

  private static SecretKey key(String text) {
    byte[] bytes =
        text.length() == 64 ? HexFormat.of().parseHex(text) : Base64.getDecoder().decode(text);
    if (bytes.length != 32) {
      throw new IllegalArgumentException("not 32 bytes");
    }
    return new SecretKeySpec(bytes, "AES");
  }

  private static Matcher amount(String text) {
    Matcher amount = AMOUNT.matcher(text);
    if (!amount.matches()) {
      throw new IllegalArgumentException("no amount");
    }
    return amount;
  }

  private static long exactly(long amount, long unit) {
    try {
      return Math.multiplyExact(amount, unit);
    } catch (ArithmeticException e) {
      throw new IllegalArgumentException(e);
    }
  }
}
