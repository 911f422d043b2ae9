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
 * Lets calls that come at once share a transaction, because a commit costs the same for one row and
 * for a hundred: what arrives while one group is at work goes into the next. Nobody waits for
 * company: a call that comes alone is a group of one.
 *
 * <p>Each partition has one group at work at a time, on a virtual thread that lives as long as
 * somebody waits in the partition. Safe for use by many threads.
 *
 * @param <K> names a partition; only members of one partition share a transaction
 * @param <M> a call, and where its answer goes
 */
final class GroupCommit<K, M> {
  private final int groupMax;
  private final BiConsumer<K, List<M>> work;
  private final BiConsumer<List<M>, Throwable> failed;
  private final Map<K, Partition> partitions = new ConcurrentHashMap<>();

  /**
   * @param groupMax most members of a group
   * @param work does what a group asks for and answers each member
   * @param failed answers each member that {@code work}, which threw this, may not have answered
   */
  GroupCommit(int groupMax, BiConsumer<K, List<M>> work, BiConsumer<List<M>, Throwable> failed) {
    this.groupMax = groupMax;
    this.work = work;
    this.failed = failed;
  }

  /** Joins the partition; returns before the work is done. */
  void join(K key, M member) {
    Partition partition = partitions.computeIfAbsent(key, Partition::new);
    if (partition.add(member)) {
      Thread.ofVirtual().name("group-" + key).start(partition::serve);
    }
  }

  private final class Partition {
    private final K key;
    private final ReentrantLock lock = new ReentrantLock();
    private final Deque<M> waiting = new ArrayDeque<>(); // guarded by lock
    private boolean served; // guarded by lock

    Partition(K key) {
      this.key = key;
    }

    /** Returns whether nobody serves this partition: then the caller must see to it. */
    boolean add(M member) {
      lock.lock();
      try {
        waiting.add(member);
        boolean unserved = !served;
        served = true;
        return unserved;
      } finally {
        lock.unlock();
      }
    }

    void serve() {
      for (List<M> group = next(); !group.isEmpty(); group = next()) {
        try {
          work.accept(key, group);
        } catch (
            Throwable e) { // were it to end this thread, nobody would serve the partition any more
          failed.accept(group, e);
        }
      }
    }

    /** The next group; empty when nobody waits, and then the partition is not served any more. */
    private List<M> next() {
      lock.lock();
      try {
        List<M> group = new ArrayList<>(Math.min(groupMax, waiting.size()));
        while (!waiting.isEmpty() && group.size() < groupMax) {
          group.add(waiting.remove());
        }
        served = !group.isEmpty();
        return group;
      } finally {
        lock.unlock();
      }
    }
  }
}
