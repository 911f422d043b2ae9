package dev.fanfare.postgres;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.sun.security.auth.module.UnixSystem;
import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.sql.Connection;
import java.sql.DriverManager;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The user that runs the server. Only root can run all of these tests. */
@Timeout(120)
class RootTest {
  private static final int NOBODY = 65534;
  private static final int NAMELESS = 54321;

  private Path folder;
  private EmbeddedPostgresConfig config;

  @BeforeEach
  void onlyAsRoot() throws IOException {
    assumeTrue(Platform.isLinux() && new UnixSystem().getUid() == 0, "needs root on Linux");
    folder = Files.createTempDirectory("fanfare-root-");
    Files.setPosixFilePermissions(folder, PosixFilePermissions.fromString("rwxr-xr-x"));
    config = new EmbeddedPostgresConfig(folder.resolve("home"), folder.resolve("cache"), true);
  }

  @AfterEach
  void deleteAll() throws IOException {
    if (folder != null) {
      Folders.delete(folder);
    }
  }

  @Test
  void a_regular_user_needs_no_workaround() throws Exception {
    Folders.giveTo(NOBODY, folder);
    List<String> asNobody =
        List.of("setpriv", "--reuid=" + NOBODY, "--regid=" + NOBODY, "--clear-groups");
    try (ServerJvm jvm = ServerJvm.launch(config, asNobody, Map.of(), readableClassPath())) {
      assertAnswers(jvm.awaitReady());
      assertThat(Folders.owner(config.home().resolve("data"))).isEqualTo(NOBODY);
    }
  }

  /** Containers of OpenShift run as such a user. */
  @Test
  void a_user_without_a_name_gets_one_or_is_refused_without_leftovers() throws Exception {
    Folders.giveTo(NAMELESS, folder);
    List<String> nameless =
        List.of("setpriv", "--reuid=" + NAMELESS, "--regid=0", "--clear-groups");
    String classPath = readableClassPath();
    Path forbidding = forbidNamespaces().getParent();
    String path = forbidding + File.pathSeparator + System.getenv("PATH");
    try (ServerJvm jvm = ServerJvm.launch(config, nameless, Map.of("PATH", path), classPath)) {
      assertThat(jvm.awaitRefusal()).contains("User " + NAMELESS + " has no name", "/etc/passwd");
    }
    assertThat(config.home()).doesNotExist();

    assumeTrue(Identity.find(true).prefix().contains("unshare"), "namespaces are forbidden here");
    try (ServerJvm jvm = ServerJvm.launch(config, nameless, Map.of(), classPath)) {
      assertAnswers(jvm.awaitReady());
      assertThat(Folders.owner(config.home().resolve("data"))).isEqualTo(NAMELESS);
    }
    try (ServerJvm jvm = ServerJvm.launch(config, nameless, Map.of("PATH", path), classPath)) {
      assertAnswers(jvm.awaitReady()); // an existing database needs no name
    }
  }

  @Test
  void where_namespaces_are_forbidden_the_server_switches_to_another_user_and_back()
      throws Exception {
    // Only root can read this cache, so the server unpacks its own programs.
    Files.createDirectories(config.binaries());
    Files.setPosixFilePermissions(config.binaries(), PosixFilePermissions.fromString("rwx------"));
    String url;
    try (ServerJvm jvm = launchWithoutNamespaces()) {
      url = jvm.awaitReady();
      assertAnswers(url);
      try (Connection connection = connect(url)) {
        Sql.execute(connection, "create table note (text text)");
      }
      assertThat(Folders.owner(config.home().resolve("data"))).isEqualTo(NOBODY);
      assertThat(config.home().resolve("binaries")).isDirectory();
    }

    assumeTrue(Identity.find(true).prefix().contains("unshare"), "namespaces are forbidden here");
    try (EmbeddedPostgres postgres = EmbeddedPostgres.start(config)) {
      assertThat(Sql.single(postgres, "select count(*) from note")).isEqualTo("0");
      assertThat(Folders.owner(config.home().resolve("data"))).isZero();
    }

    try (ServerJvm jvm = launchWithoutNamespaces()) {
      assertAnswers(jvm.awaitReady());
    }
  }

  private ServerJvm launchWithoutNamespaces() throws IOException {
    String path = forbidNamespaces().getParent() + File.pathSeparator + System.getenv("PATH");
    return ServerJvm.launch(
        config, List.of(), Map.of("PATH", path), System.getProperty("java.class.path"));
  }

  private Path forbidNamespaces() throws IOException {
    Path forbidding = Files.createDirectories(folder.resolve("bin")).resolve("unshare");
    Files.writeString(forbidding, "#!/bin/sh\necho 'unshare: not permitted'\nexit 1\n");
    Files.setPosixFilePermissions(forbidding, PosixFilePermissions.fromString("rwxr-xr-x"));
    return forbidding;
  }

  private void assertAnswers(String url) throws Exception {
    try (Connection connection = connect(url)) {
      assertThat(connection.isValid(5)).isTrue();
    }
  }

  private Connection connect(String url) throws Exception {
    String password = Files.readString(config.home().resolve("password"));
    return DriverManager.getConnection(url, EmbeddedPostgres.USER, password);
  }

  /** Copies the class path to a folder that other users can read; root's repository is private. */
  private String readableClassPath() throws IOException {
    Path copies = Files.createDirectories(folder.resolve("class-path"));
    List<String> entries = new ArrayList<>();
    for (String entry : System.getProperty("java.class.path").split(File.pathSeparator)) {
      Path source = Path.of(entry);
      Path copy = copies.resolve(entries.size() + "-" + source.getFileName());
      if (Files.isDirectory(source)) {
        copyFolder(source, copy);
      } else if (Files.exists(source)) {
        Files.copy(source, copy);
      }
      entries.add(copy.toString());
    }
    return String.join(File.pathSeparator, entries);
  }

  private static void copyFolder(Path source, Path copy) throws IOException {
    try (Stream<Path> all = Files.walk(source)) {
      for (Path path : all.toList()) {
        Files.copy(
            path, copy.resolve(source.relativize(path)), StandardCopyOption.REPLACE_EXISTING);
      }
    }
  }
}
