package dev.fanfare.cli;

import picocli.CommandLine.IVersionProvider;

/** The output of {@code --version}. */
final class Version implements IVersionProvider {
  @Override
  public String[] getVersion() {
    String version = Main.class.getPackage().getImplementationVersion();
    return new String[] {
      // The version comes from the manifest of the runnable jar; an IDE runs classes without one.
      "Fanfare " + (version == null ? "(unpackaged)" : version),
      "Java %s, %s, on %s %s"
          .formatted(
              System.getProperty("java.version"),
              System.getProperty("java.vendor"),
              System.getProperty("os.name"),
              System.getProperty("os.arch"))
    };
  }
}
