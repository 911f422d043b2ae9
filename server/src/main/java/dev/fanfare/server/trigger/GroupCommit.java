package dev.fanfare.server.trigger;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.BiConsumer;

/**
 * Groups concurrent calls so that each group shares one transaction, because a commit costs the
 * same for one row as for a hundred. Calls that arrive while a group is being processed form the
 * next group. No call is delayed to wait for others: a call that arrives alone is a group of one.
 *
 * <p>Calls wait in lines, one for each key. A line processes one group at a time, on a virtual
 * thread that runs while calls wait in it. Thread-safe.
 *
 * @param <K> the key of a line; only calls of the same line share a transaction
 * @param <M> a call, with the future of its result
 */
final class GroupCommit<K, M> {
  private final int groupMax;
  private final BiConsumer<K, List<M>> work;
  private final BiConsumer<List<M>, Throwable> failed;
  private final Map<K, Line> lines = new ConcurrentHashMap<>();

  /**
   * @param groupMax the maximum size of a group
   * @param work processes a group and completes each of its members
   * @param failed completes the members of a group for which {@code work} threw; some of them may
   *     be completed already
   */
  GroupCommit(int groupMax, BiConsumer<K, List<M>> work, BiConsumer<List<M>, Throwable> failed) {
    this.groupMax = groupMax;
    this.work = work;
    this.failed = failed;
  }

  /** Adds a call to its line; returns at once. */
  void join(K key, M member) {
    Line line = lines.computeIfAbsent(key, Line::new);
    if (line.add(member)) {
      Thread.ofVirtual().name("group-" + key).start(line::run);
    }
  }

  private final class Line {
    private final K key;
    private final ReentrantLock lock = new ReentrantLock();
    private final Deque<M> waiting = new ArrayDeque<>(); // guarded by lock
    private boolean running; // guarded by lock

    Line(K key) {
      this.key = key;
    }

    /** Adds a call; returns whether the caller must start the line's thread. */
    boolean add(M member) {
      lock.lock();
      try {
        waiting.add(member);
        boolean start = !running;
        running = true;
        return start;
      } finally {
        lock.unlock();
      }
    }

    void run() {
      for (List<M> group = next(); !group.isEmpty(); group = next()) {
        try {
          work.accept(key, group);
        } catch (Throwable e) {
          // Caught, because without this thread the calls of this line would wait forever.
          failed.accept(group, e);
        }
      }
    }

    /** The next group; empty when no call waits, and then the thread ends. */
    private List<M> next() {
      lock.lock();
      try {
        List<M> group = new ArrayList<>(Math.min(groupMax, waiting.size()));
        while (!waiting.isEmpty() && group.size() < groupMax) {
          group.add(waiting.remove());
        }
        running = !group.isEmpty();
        return group;
      } finally {
        lock.unlock();
      }
    }
  }
}
