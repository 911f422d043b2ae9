package dev.fanfare.bench.peer;

import java.sql.SQLException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;

/** The peers of a benchmark run: those that are measured, and those that cannot be. */
public final class Peers implements AutoCloseable {
  /**
   * A peer, for the reader of the results.
   *
   * @param name the name, as users know it
   * @param version the version that was measured; empty: it was not
   * @param settings its settings
   * @param notMeasured why it was not measured, or not to the end; empty: it was
   */
  public record About(String name, String version, String settings, String notMeasured) {}

  private final Map<String, ProcessPeer> present = new LinkedHashMap<>();
  private final Map<String, About> all = new LinkedHashMap<>();
  private final Consumer<String> progress;

  private Peers(Consumer<String> progress) {
    this.progress = progress;
  }

  /** The names of all peers. */
  public static List<String> names() {
    return PeerDefinition.all().stream().map(PeerDefinition::name).toList();
  }

  /** No peers: only Fanfare and the baseline are measured. */
  public static Peers none() {
    return new Peers(sentence -> {});
  }

  /**
   * Starts the peers.
   *
   * @param only the names of those that are wanted; empty: all
   * @param progress told about each step
   */
  public static Peers start(PeerServer server, Set<String> only, Consumer<String> progress)
      throws InterruptedException {
    Peers peers = new Peers(progress);
    for (PeerDefinition peer : PeerDefinition.all()) {
      if (only.isEmpty() || only.contains(peer.name())) {
        progress.accept("starting " + peer.name());
        peers.start(peer, server);
      }
    }
    return peers;
  }

  private void start(PeerDefinition peer, PeerServer server) throws InterruptedException {
    String missing;
    String version = "";
    try {
      missing = peer.launcher().missing();
      if (missing.isEmpty()) {
        ProcessPeer started = ProcessPeer.start(peer, server);
        present.put(peer.name(), started);
        version = started.version();
      }
    } catch (InterruptedException e) {
      throw e;
    } catch (Exception e) {
      missing = "it did not start: " + e.getMessage();
    }
    all.put(peer.name(), new About(peer.name(), version, peer.settings(), missing));
    if (!missing.isEmpty()) {
      progress.accept(peer.name() + " is not measured: " + missing);
    }
  }

  /** The peers that can be measured. */
  public List<Peer> present() {
    return List.copyOf(present.values());
  }

  /** Leaves a peer out from now on, because a measurement failed. */
  public void remove(Peer peer, Exception failure) throws SQLException {
    progress.accept(peer.name() + " is no longer measured: " + failure);
    About about = all.get(peer.name());
    ProcessPeer removed = present.remove(peer.name());
    if (about != null && removed != null) {
      all.put(
          peer.name(),
          new About(about.name(), about.version(), about.settings(), failure.toString()));
      removed.close();
    }
  }

  /** All wanted peers, whether or not they were measured. */
  public List<About> about() {
    return new ArrayList<>(all.values());
  }

  @Override
  public void close() throws SQLException {
    for (ProcessPeer peer : present.values()) {
      peer.close();
    }
  }
}
