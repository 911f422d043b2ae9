package dev.fanfare.server.config;

import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * A setting while {@link ServerSettings} declares it, and what the finished {@link Setting} knows
 * of its values. The default, declared last, completes it. Not thread-safe until then.
 */
final class Declaration<V> {
  private final Section section;
  private final String name;
  private final Syntax<V> syntax;
  private final @Nullable Rule<V> rule;
  private String doc = "";

  Declaration(Section section, Syntax<V> syntax, String name, @Nullable Rule<V> rule) {
    this.section = section;
    this.syntax = syntax;
    this.name = name;
    this.rule = rule;
  }

  /** What the setting is for, in Markdown, without a full stop at the end. */
  Declaration<V> doc(String text) {
    doc = text;
    return this;
  }

  /** Finishes a setting with a fixed default, written as an operator would write it. */
  Setting<V> byDefault(String text) {
    V value = syntax.read().apply(text);
    return derived("`" + text + "`", config -> value);
  }

  /** Finishes a setting whose default depends on others; {@code text} describes it. */
  Setting<V> derived(String text, Function<ServerConfig, V> value) {
    return section.add(new Setting<>(this, text, value, false));
  }

  /** Finishes a setting without default; {@code text} says what applies when it is absent. */
  Setting<@Nullable V> absent(String text) {
    return section.add(new Setting<@Nullable V>(this, text, config -> null, false));
  }

  /** Finishes a setting without default that is read from the environment before the file is. */
  Setting<@Nullable V> environmentOnly(String text) {
    return section.add(new Setting<@Nullable V>(this, text, config -> null, true));
  }

  String name() {
    return name;
  }

  String doc() {
    return doc;
  }

  /** The form and range of values. */
  String values() {
    return rule == null
        ? syntax.form()
        : syntax.form() + ", " + rule.requirement().replaceFirst("\\bbe ", "");
  }

  V read(String text) {
    try {
      return syntax.read().apply(text);
    } catch (InvalidSettingException e) {
      throw e.of(name);
    } catch (IllegalArgumentException e) {
      String not = syntax.echoed() ? ", not \"" + text + "\"" : "";
      throw new InvalidSettingException(name, "must be " + syntax.expectation() + not);
    }
  }

  void check(Object value, ServerConfig config) {
    String problem = rule == null ? null : rule.check().problem(typed(value), config);
    if (problem != null) {
      throw new InvalidSettingException(name, "must " + problem);
    }
  }

  String show(Object value) {
    return syntax.show().apply(typed(value));
  }

  /** Safe: values come from {@link #read} or from {@link ServerConfig#with}, which is typed. */
  @SuppressWarnings("unchecked")
  private V typed(Object value) {
    return (V) value;
  }
}
