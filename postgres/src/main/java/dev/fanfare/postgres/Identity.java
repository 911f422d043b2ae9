package dev.fanfare.postgres;

import com.sun.security.auth.module.UnixSystem;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The user that runs PostgreSQL. A regular user runs it under its own account. PostgreSQL refuses
 * to run as root, so root starts it in a user namespace, where the process appears as nobody while
 * root keeps owning the files. Where namespaces are forbidden, as in most containers, the server
 * runs as user 65534, which then owns the server's files.
 *
 * <p>The program that creates a database refuses a user without a name, such as the random ids that
 * OpenShift gives to containers. In a user namespace it is called nobody.
 *
 * @param prefix arguments that precede every command
 * @param uid the required owner of the server's files; null: ownership is left as it is
 */
record Identity(List<String> prefix, @Nullable Integer uid) {
  private static final int NOBODY = 65534;
  private static final Duration PROBE_BOUND = Duration.ofSeconds(20);
  private static final List<String> NAMESPACE = List.of("unshare", "-U");
  private static final List<String> OTHER_USER =
      List.of("setpriv", "--reuid=" + NOBODY, "--regid=" + NOBODY, "--clear-groups");

  private static final Identity MYSELF = new Identity(List.of(), null);

  /**
   * Finds an identity that can run the server.
   *
   * @param creating whether a database must be created first, which needs a user with a name
   */
  static Identity find(boolean creating) throws InterruptedException {
    if (Platform.isWindows()) {
      return MYSELF;
    }
    if (new UnixSystem().getUid() != 0) {
      return creating && MYSELF.name().isEmpty() ? named() : MYSELF;
    }
    List<String> reasons = new ArrayList<>();
    for (Identity identity :
        List.of(new Identity(NAMESPACE, 0), new Identity(OTHER_USER, NOBODY))) {
      String obstacle = identity.obstacle();
      if (obstacle == null) {
        return identity;
      }
      reasons.add(obstacle);
    }
    throw new PostgresException(
        "PostgreSQL refuses to run as root, and both workarounds failed (%s). Run Fanfare as a regular user, or set the URL of your own PostgreSQL."
            .formatted(String.join("; ", reasons)));
  }

  /** An identity with a name, for a user without one. */
  private static Identity named() throws InterruptedException {
    Identity nobody = new Identity(NAMESPACE, null);
    if (!nobody.name().isEmpty()) {
      return nobody;
    }
    throw new PostgresException(
        ("User %s has no name, and PostgreSQL creates no database for such a user. Add an entry for"
                + " it to /etc/passwd, load nss_wrapper, allow user namespaces, or set the URL of"
                + " your own PostgreSQL.")
            .formatted(new UnixSystem().getUid()));
  }

  /** The name of the user under this identity; empty if there is none. */
  private String name() throws InterruptedException {
    try {
      Command id = Command.run(PROBE_BOUND, command("id", "-un"));
      return id.succeeded() ? id.output() : "";
    } catch (IOException e) { // no such program
      return "";
    }
  }

  /** Why commands cannot run under this identity; null if they can. */
  private @Nullable String obstacle() throws InterruptedException {
    try {
      Command id = Command.run(PROBE_BOUND, command("id", "-u"));
      return id.succeeded() && !id.output().equals("0")
          ? null
          : prefix.getFirst() + ": " + id.output();
    } catch (IOException e) { // no such program
      return String.valueOf(e.getMessage());
    }
  }

  List<String> command(String... words) {
    return command(List.of(words));
  }

  List<String> command(List<String> words) {
    List<String> command = new ArrayList<>(prefix);
    command.addAll(words);
    return command;
  }

  boolean isOtherUser() {
    return uid != null && uid != 0;
  }

  /** The output of {@code postgres --version}, or why this identity cannot run it. */
  Command version(Binaries binaries) throws InterruptedException {
    try {
      return Command.run(PROBE_BOUND, command(binaries.postgres(), "--version"));
    } catch (IOException e) { // built for another system or C library
      return new Command(127, String.valueOf(e.getMessage()));
    }
  }

  /** Ensures that the server can access its home. */
  void own(Home home) throws IOException {
    if (uid != null && Folders.owner(home.folder()) != uid) {
      Folders.giveOne(uid, home.folder());
    }
  }

  /**
   * Ensures that the server owns a folder and its content, even if it ran as another user before.
   */
  void ownAll(Path folder) throws IOException {
    if (uid != null && Files.exists(folder) && Folders.owner(folder) != uid) {
      Folders.giveTo(uid, folder);
    }
  }
}
