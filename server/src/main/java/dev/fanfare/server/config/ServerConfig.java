package dev.fanfare.server.config;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A value for every setting of {@link ServerSettings}. Every instance is valid: what breaks a rule
 * is rejected with an {@link InvalidSettingException} that names the setting. Immutable.
 */
public final class ServerConfig {
  private final Map<Setting<?>, Object> chosen;

  /** The defaults, except for the values {@code chosen}. */
  ServerConfig(Map<Setting<?>, Object> chosen) {
    this.chosen = Map.copyOf(chosen);
    ServerSettings.ALL.forEach(setting -> setting.check(this));
  }

  /** The default of every setting. */
  public static ServerConfig defaults() {
    return new ServerConfig(Map.of());
  }

  /** The value of {@code setting}; null only when it is absent and has no default. */
  public <T extends @Nullable Object> T get(Setting<T> setting) {
    return setting.valueIn(this, chosen.get(setting));
  }

  /**
   * A copy with another value for {@code setting}; null makes it absent. The copy must be valid, so
   * to move two settings that bound each other, raise the upper one first, or lower the lower one
   * first.
   *
   * @throws InvalidSettingException when the value breaks a rule
   */
  public <T extends @Nullable Object> ServerConfig with(Setting<T> setting, T value) {
    Map<Setting<?>, Object> changed = new HashMap<>(chosen);
    if (value == null) {
      changed.remove(setting);
    } else {
      changed.put(setting, value);
    }
    return new ServerConfig(changed);
  }

  /** Equal when every setting has the same value, whether chosen or by default. */
  @Override
  public boolean equals(@Nullable Object other) {
    return other instanceof ServerConfig config && values().equals(config.values());
  }

  @Override
  public int hashCode() {
    return values().hashCode();
  }

  /** Shows where the server listens and stores data. Omits keys, so that it can be logged. */
  @Override
  public String toString() {
    DatabaseUrl database = get(ServerSettings.DATABASE_URL);
    return "ServerConfig[%s:%s, database %s, home %s]"
        .formatted(
            get(ServerSettings.HOST),
            get(ServerSettings.PORT),
            database == null ? "embedded" : database,
            get(ServerSettings.HOME));
  }

  private List<? extends @Nullable Object> values() {
    return ServerSettings.ALL.stream().map(this::get).toList();
  }
}
