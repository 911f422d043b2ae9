package dev.fanfare.bench;

import java.util.List;

/**
 * The memory of the server.
 *
 * @param residentMegabytes what the process occupies; NaN: unknown, not Linux
 * @param liveHeapMegabytes what is left in the heap after a garbage collection
 */
record Memory(double residentMegabytes, double liveHeapMegabytes) {

  List<Row> rows(String when) {
    return List.of(
        Row.alone("memory", "server, resident " + when, "MB", residentMegabytes),
        Row.alone("memory", "server, live heap " + when, "MB", liveHeapMegabytes));
  }
}
