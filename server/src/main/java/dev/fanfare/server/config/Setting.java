package dev.fanfare.server.config;

import java.util.Locale;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * A setting for operators: its name, form, default, rules and documentation, declared as a constant
 * of {@link ServerSettings}. Immutable.
 *
 * @param <T> the type of the value; nullable when the setting has no default
 */
public final class Setting<T extends @Nullable Object> {
  private final Declaration<?> declaration;
  private final String defaultText;
  private final Function<ServerConfig, T> byDefault;
  private final boolean environmentOnly;

  Setting(
      Declaration<?> declaration,
      String defaultText,
      Function<ServerConfig, T> byDefault,
      boolean environmentOnly) {
    this.declaration = declaration;
    this.defaultText = defaultText;
    this.byDefault = byDefault;
    this.environmentOnly = environmentOnly;
  }

  /** The environment variable, such as {@code FANFARE_DATABASE_URL}. */
  public String name() {
    return declaration.name();
  }

  /** The name. */
  @Override
  public String toString() {
    return name();
  }

  /**
   * The key in the properties file: {@code FANFARE_DATABASE_URL} is {@code fanfare.database.url}.
   * No name holds a dot and no key an underscore, so each has exactly one other form.
   */
  static String key(String name) {
    return name.toLowerCase(Locale.ROOT).replace('_', '.');
  }

  /** What the setting is for, in Markdown. */
  String doc() {
    return declaration.doc();
  }

  /** The form and range of values, for documentation. */
  String values() {
    return declaration.values();
  }

  /** The default as code, or a description of what applies when the setting is absent. */
  String defaultText() {
    return defaultText;
  }

  /** Whether only the environment can hold it, and no {@link ServerConfig} has it. */
  boolean environmentOnly() {
    return environmentOnly;
  }

  /** Reads {@code text} or throws an {@link InvalidSettingException}. */
  Object read(String text) {
    return declaration.read(text);
  }

  /** {@code chosen}, or the default when it is null. */
  @SuppressWarnings("unchecked") // a chosen value was read by this setting or given as a T
  T valueIn(ServerConfig config, @Nullable Object chosen) {
    return chosen == null ? byDefault.apply(config) : (T) chosen;
  }

  /** Throws an {@link InvalidSettingException} when the value in {@code config} breaks a rule. */
  void check(ServerConfig config) {
    T value = config.get(this);
    if (value != null) {
      declaration.check(value, config);
    }
  }

  /** The value in {@code config}, for display: secrets are shown as stars. */
  String show(ServerConfig config) {
    T value = config.get(this);
    return value == null ? "(" + defaultText + ")" : declaration.show(value);
  }
}
