package dev.fanfare.bench.profile;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import jdk.jfr.consumer.RecordedEvent;
import jdk.jfr.consumer.RecordedFrame;
import jdk.jfr.consumer.RecordedMethod;
import jdk.jfr.consumer.RecordedStackTrace;
import jdk.jfr.consumer.RecordingFile;

/**
 * The stacks of a flight recording, without those of its first half, in which the JVM still
 * compiles.
 */
final class Samples {
  private static final String CPU_TIME = "jdk.CPUTimeSample"; // only on Linux
  private static final Set<String> EVENTS = Set.of("jdk.ExecutionSample", CPU_TIME);

  private final Frame root = new Frame();
  private final Map<Area, Long> areas = new EnumMap<>(Area.class);
  private long count;

  /** A method in the tree of all stacks, with the number of samples in which it is. */
  static final class Frame {
    private final Map<String, Frame> callees = new LinkedHashMap<>();
    private long count;

    long count() {
      return count;
    }

    /** The methods that it calls, by their names, the most frequent first. */
    Map<String, Frame> callees() {
      return callees.entrySet().stream()
          .sorted(Comparator.comparingLong(e -> -e.getValue().count))
          .collect(
              Collectors.toMap(
                  Map.Entry::getKey, Map.Entry::getValue, (a, b) -> a, LinkedHashMap::new));
    }
  }

  private record Sample(Instant at, boolean ofCpuTime, List<String> stack) {}

  private Samples() {}

  static Samples read(Path recording) throws IOException {
    List<Sample> all = new ArrayList<>();
    try (RecordingFile file = new RecordingFile(recording)) {
      while (file.hasMoreEvents()) {
        RecordedEvent event = file.readEvent();
        RecordedStackTrace trace = event.getStackTrace();
        if (trace != null && EVENTS.contains(event.getEventType().getName())) {
          boolean ofCpuTime = event.getEventType().getName().equals(CPU_TIME);
          all.add(new Sample(event.getStartTime(), ofCpuTime, stack(trace)));
        }
      }
    }
    if (all.stream().anyMatch(Sample::ofCpuTime)) { // they are better: native code counts, too
      all.removeIf(sample -> !sample.ofCpuTime);
    }
    all.sort(Comparator.comparing(Sample::at));
    Samples samples = new Samples();
    all.subList(all.size() / 2, all.size()).forEach(sample -> samples.add(sample.stack));
    return samples;
  }

  private static List<String> stack(RecordedStackTrace trace) {
    List<String> stack = new ArrayList<>();
    for (RecordedFrame frame : trace.getFrames()) {
      RecordedMethod method = frame.getMethod();
      String name = method.getType().getName() + "." + method.getName();
      if (!isPlumbing(name)) {
        stack.add(name);
      }
    }
    return stack;
  }

  /** Whether a method is below every other one and says nothing, or is the call of a lambda. */
  private static boolean isPlumbing(String method) {
    return method.contains("0x")
        || method.startsWith("java.lang.Thread.run")
        || method.startsWith("java.lang.VirtualThread")
        || method.startsWith("jdk.internal.vm.Continuation");
  }

  /** Adds a stack, innermost method first. */
  private void add(List<String> stack) {
    count++;
    areas.merge(Area.of(stack), 1L, Long::sum);
    Frame frame = root;
    frame.count++;
    for (String method : stack.reversed()) {
      frame = frame.callees.computeIfAbsent(method, absent -> new Frame());
      frame.count++;
    }
  }

  Frame root() {
    return root;
  }

  long count() {
    return count;
  }

  /** The number of samples of each area, the largest first. */
  Map<Area, Long> areas() {
    return areas.entrySet().stream()
        .sorted(Map.Entry.comparingByValue(Comparator.reverseOrder()))
        .collect(
            Collectors.toMap(
                Map.Entry::getKey, Map.Entry::getValue, (a, b) -> a, LinkedHashMap::new));
  }
}
