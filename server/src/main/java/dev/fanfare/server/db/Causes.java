package dev.fanfare.server.db;

import java.net.ConnectException;
import java.net.NoRouteToHostException;
import java.net.SocketTimeoutException;
import java.net.UnknownHostException;
import java.sql.SQLException;
import org.jspecify.annotations.Nullable;

/** Says in a few words why a connection or a statement failed. */
final class Causes {
  private static final int DEPTH_MAX = 10;

  private Causes() {}

  /** One line: what the network says, or else the first line of PostgreSQL's message. */
  static String of(SQLException failure) {
    Throwable network = network(failure);
    String text =
        switch (network) {
          case null -> String.valueOf(failure.getMessage());
          case UnknownHostException unknown -> "unknown host " + unknown.getMessage();
          case SocketTimeoutException late -> "it does not respond (" + late.getMessage() + ")";
          case ConnectException refused -> of(refused, failure);
          default -> String.valueOf(network.getMessage());
        };
    return text.lines().findFirst().orElse(failure.toString()).replaceFirst("^(FATAL|ERROR): ", "");
  }

  /** The driver's own message names the host. */
  private static String of(ConnectException refused, SQLException failure) {
    String driver = String.valueOf(failure.getMessage());
    return String.valueOf(refused.getMessage())
        + " ("
        + driver.replaceFirst(" refused\\..*", "").replaceFirst("^Connection to ", "")
        + ")";
  }

  /** Whether the name of the host leads nowhere, which no new attempt changes. */
  static boolean isUnknownHost(SQLException failure) {
    return network(failure) instanceof UnknownHostException unknown
        && !String.valueOf(unknown.getMessage()).contains("emporary failure");
  }

  private static @Nullable Throwable network(SQLException failure) {
    Throwable cause = failure;
    for (int depth = 0; cause != null && depth < DEPTH_MAX; depth++) {
      if (cause instanceof ConnectException
          || cause instanceof UnknownHostException
          || cause instanceof NoRouteToHostException
          || cause instanceof SocketTimeoutException) {
        return cause;
      }
      cause = cause.getCause();
    }
    return null;
  }
}
