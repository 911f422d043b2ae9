package dev.fanfare.server.config;

/**
 * A setting holds a value that cannot be used. The message is one sentence that names the setting
 * and never repeats a secret, so it can be shown to whoever starts the process.
 */
public final class InvalidSettingException extends IllegalArgumentException {
  private static final long serialVersionUID = 1;

  private final String setting;
  private final String problem;

  /** {@code problem} continues the sentence that {@code setting} begins. */
  public InvalidSettingException(String setting, String problem) {
    super(setting + " " + problem);
    this.setting = setting;
    this.problem = problem;
  }

  /** The environment variable's name of the setting, such as {@code FANFARE_PORT}. */
  public String setting() {
    return setting;
  }

  /** The same problem, of another setting whose values have the same form. */
  InvalidSettingException of(String other) {
    return new InvalidSettingException(other, problem);
  }
}
