package dev.fanfare.bench.profile;

import java.util.List;

/** A part of the code that CPU time goes to. A sample belongs to the first that its stack shows. */
enum Area {
  JSON("JSON", "tools.jackson.", "dev.fanfare.server.json.", "dev.fanfare.protocol.worker."),
  DRIVER("the PostgreSQL driver and its pool", "org.postgresql.", "com.zaxxer.hikari."),
  STATEMENTS("statements: building, binding, reading rows", "dev.fanfare.server.db."),
  CLIENT("the HTTP client", "jdk.internal.net.http.", "java.net.http."),
  HTTP("the HTTP server", "dev.fanfare.server.http."),
  SLOTS("the worker's slots, session and outbox", "dev.fanfare.sdk.internal.worker."),
  SDK("the rest of the SDK", "dev.fanfare.sdk."),
  TASK("the task and the driver of the benchmark", "dev.fanfare.bench."),
  ENGINE("the rest of the server", "dev.fanfare."),
  THREADS("threads: starting, parking, scheduling", "java.util.concurrent.", "java.lang.");

  private final String title;

  @SuppressWarnings("ImmutableEnumChecker") // the list is unmodifiable
  private final List<String> packages;

  Area(String title, String... packages) {
    this.title = title;
    this.packages = List.of(packages);
  }

  String title() {
    return title;
  }

  /** The area of a stack of methods, innermost first. */
  static Area of(List<String> stack) {
    for (String method : stack) {
      for (Area area : values()) {
        if (area != THREADS && area.packages.stream().anyMatch(method::startsWith)) {
          return area;
        }
      }
    }
    return THREADS;
  }
}
