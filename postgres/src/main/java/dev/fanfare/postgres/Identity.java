package dev.fanfare.postgres;

import com.sun.security.auth.module.UnixSystem;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * As whom PostgreSQL runs. An ordinary user runs it as itself. PostgreSQL refuses root, so root
 * enters a user namespace in which it is nobody while files stay root's; where namespaces are
 * forbidden, as in ordinary containers, it becomes user 65534 and gives the server's files to it.
 *
 * @param prefix words that stand before a command
 * @param uid who must own the server's files; null where that is whoever made them
 */
record Identity(List<String> prefix, @Nullable Integer uid) {
  private static final int NOBODY = 65534;
  private static final Duration PROBE_BOUND = Duration.ofSeconds(20);
  private static final List<String> NAMESPACE = List.of("unshare", "-U");
  private static final List<String> OTHER_USER =
      List.of("setpriv", "--reuid=" + NOBODY, "--regid=" + NOBODY, "--clear-groups");

  static Identity find() throws InterruptedException {
    if (Platform.isWindows() || new UnixSystem().getUid() != 0) {
      return new Identity(List.of(), null);
    }
    List<String> reasons = new ArrayList<>();
    for (Identity identity :
        List.of(new Identity(NAMESPACE, 0), new Identity(OTHER_USER, NOBODY))) {
      Optional<String> refusal = identity.refusal();
      if (refusal.isEmpty()) {
        return identity;
      }
      reasons.add(refusal.get());
    }
    throw new PostgresException(
        "PostgreSQL refuses to run as root, and neither way around works here (%s). Run as an ordinary user, or give the URL of a PostgreSQL of your own."
            .formatted(String.join("; ", reasons)));
  }

  private Optional<String> refusal() throws InterruptedException {
    try {
      Command id = Command.run(PROBE_BOUND, command("id", "-u"));
      return id.succeeded() && !id.output().equals("0")
          ? Optional.empty()
          : Optional.of(prefix.getFirst() + ": " + id.output());
    } catch (IOException e) { // no such program
      return Optional.of(String.valueOf(e.getMessage()));
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

  /** What {@code postgres --version} says, or why this identity cannot run it. */
  Command version(Binaries binaries) throws InterruptedException {
    try {
      return Command.run(PROBE_BOUND, command(binaries.postgres(), "--version"));
    } catch (IOException e) { // made for another system or C library
      return new Command(127, String.valueOf(e.getMessage()));
    }
  }

  /** Makes sure the server may enter its home. */
  void own(Home home) throws IOException {
    if (uid != null && Folders.owner(home.folder()) != uid) {
      Folders.giveOne(uid, home.folder());
    }
  }

  /** Makes sure a folder and all in it are the server's own, also after it ran as another user. */
  void ownAll(Path folder) throws IOException {
    if (uid != null && Files.exists(folder) && Folders.owner(folder) != uid) {
      Folders.giveTo(uid, folder);
    }
  }
}
