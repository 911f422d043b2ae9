package dev.fanfare.server.config;

/**
 * A setting holds a value that cannot be used. The message is one sentence that names the setting
 * and never repeats a secret, so it can be shown to whoever starts the process.
 */
public final class InvalidSettingException extends IllegalArgumentException {
  private static final long serialVersionUID = 1;

  private final String setting;

  /** {@code problem} continues the sentence that {@code setting} begins. */
  public InvalidSettingException(String setting, String problem) {
    super(setting + " " + problem);
    this.setting = setting;
  }

  /** The environment variable's name of the setting, such as {@code FANFARE_PORT}. */
  public String setting() {
    return setting;
  }
}
