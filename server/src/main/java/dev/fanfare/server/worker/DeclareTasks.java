package dev.fanfare.server.worker;

import dev.fanfare.protocol.worker.QueueDefinition;
import dev.fanfare.protocol.worker.RetryPolicy;
import dev.fanfare.protocol.worker.TaskDefinition;
import dev.fanfare.server.db.Database;
import dev.fanfare.server.db.Tx;
import dev.fanfare.server.queue.ParkedStore;
import dev.fanfare.server.queue.QueueStore;
import dev.fanfare.server.queue.SlotStore;
import dev.fanfare.server.task.Task;
import dev.fanfare.server.task.TaskStore;
import dev.fanfare.server.task.TaskStore.Declaration;
import dev.fanfare.server.task.VersionStore;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * Stores the tasks that a worker declares, with their queues and retry policies, and releases the
 * parked runs of these tasks.
 */
final class DeclareTasks {
  private static final int RELEASED_PER_STEP = 1_000;

  private final Database database;
  private final TaskStore taskStore = new TaskStore();
  private final VersionStore versionStore = new VersionStore();
  private final QueueStore queueStore = new QueueStore();
  private final SlotStore slotStore = new SlotStore();
  private final ParkedStore parkedStore = new ParkedStore();

  DeclareTasks(Database database) {
    this.database = database;
  }

  /** The ids of a worker's tasks and of its version. */
  record Declared(Set<Integer> taskIds, int versionId) {}

  /** Stores the tasks, and that the version has them. */
  Declared declare(int environmentId, String version, List<TaskDefinition> definitions) {
    List<TaskDefinition> ordered =
        definitions.stream().sorted(Comparator.comparing(TaskDefinition::id)).toList();
    Declared declared = database.transaction(environmentId, tx -> declareAll(tx, version, ordered));
    // After the commit, no claim parks runs of these tasks.
    for (int taskId : parkedTasks(environmentId, declared.taskIds())) {
      int released;
      do {
        released =
            database.transaction(
                environmentId, tx -> parkedStore.release(tx, taskId, RELEASED_PER_STEP));
      } while (released > 0);
    }
    return declared;
  }

  private List<Integer> parkedTasks(int environmentId, Set<Integer> taskIds) {
    return database.transaction(environmentId, tx -> parkedStore.parkedTasks(tx, taskIds));
  }

  private Declared declareAll(Tx tx, String version, List<TaskDefinition> definitions) {
    // Queues by name, then tasks by id, then the version. One order for all prevents deadlocks
    // with other workers, and with triggers that insert the same queues and tasks.
    Map<String, @Nullable Integer> limits = new TreeMap<>();
    for (TaskDefinition definition : definitions) {
      QueueDefinition queue = definition.queue();
      limits.put(queueName(definition), queue == null ? null : queue.concurrencyLimit());
    }
    Map<String, Integer> queueIds = queueStore.declare(tx, limits);
    Map<String, Declaration> declarations = new TreeMap<>(); // of equal ids, the last
    for (TaskDefinition definition : definitions) {
      declarations.put(
          definition.id(),
          new Declaration(
              definition.id(),
              Objects.requireNonNull(queueIds.get(queueName(definition))),
              Objects.requireNonNullElse(definition.retry(), RetryPolicy.DEFAULT),
              definition.maxDurationMillis(),
              definition.ttlMillis()));
    }
    Map<Integer, Integer> queueByTask = new HashMap<>();
    for (Task task : taskStore.declare(tx, declarations.values())) {
      queueByTask.put(task.id(), Objects.requireNonNull(declarations.get(task.slug())).queueId());
    }
    int versionId = versionStore.declare(tx, version, queueByTask);
    slotStore.deleteUnlimited(tx, queueIds.values().stream().mapToInt(Integer::intValue).toArray());
    return new Declared(Set.copyOf(queueByTask.keySet()), versionId);
  }

  private static String queueName(TaskDefinition definition) {
    QueueDefinition queue = definition.queue();
    return queue == null ? Task.ownQueue(definition.id()) : queue.name();
  }
}
