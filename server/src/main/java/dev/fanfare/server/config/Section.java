package dev.fanfare.server.config;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Settings that the documentation shows together, in the order of their declarations. */
final class Section {
  private final String title;
  private final List<Setting<?>> settings = new ArrayList<>();

  Section(String title) {
    this.title = title;
  }

  <V> Declaration<V> declare(Syntax<V> syntax, String name) {
    return new Declaration<>(this, syntax, name, null);
  }

  <V> Declaration<V> declare(Syntax<V> syntax, String name, Rule<V> rule) {
    return new Declaration<>(this, syntax, name, rule);
  }

  <T extends @Nullable Object> Setting<T> add(Setting<T> setting) {
    settings.add(setting);
    return setting;
  }

  String title() {
    return title;
  }

  List<Setting<?>> settings() {
    return List.copyOf(settings);
  }
}
