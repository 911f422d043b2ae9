package dev.fanfare.server;

import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.core.domain.Dependency;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.domain.JavaConstructorCall;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.library.dependencies.SlicesRuleDefinition;
import java.util.List;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;

/**
 * The layers that the {@code package-info} of {@code dev.fanfare.server} draws: a package depends
 * only on packages of lower layers. A subpackage belongs to its top package.
 */
class LayersTest {
  private static final String ROOT = "dev.fanfare.server";

  /** Classes that create the use cases of other packages, instead of receiving them. */
  private static final List<String> WIRING = List.of("Server", "Components", "Administration");

  /**
   * Packages besides {@code http} that use HTTP: components have routes, and the root serves them.
   */
  private static final List<String> USE_HTTP = List.of("", "component");

  private static final JavaClasses CLASSES =
      new ClassFileImporter()
          .withImportOption(ImportOption.Predefined.DO_NOT_INCLUDE_TESTS)
          .importPackages(ROOT);

  private static String room(JavaClass type) {
    String rest = type.getPackageName().substring(ROOT.length());
    return rest.isEmpty() ? "" : rest.substring(1).split("\\.")[0];
  }

  private static boolean ours(JavaClass type) {
    return type.getPackageName().equals(ROOT) || type.getPackageName().startsWith(ROOT + ".");
  }

  @Test
  void every_package_has_a_layer() {
    TreeSet<String> rooms = new TreeSet<>();
    CLASSES.forEach(type -> rooms.add(room(type)));
    assertThat(rooms).isEqualTo(new TreeSet<>(Layout.LAYERS.keySet()));
  }

  @Test
  void a_package_depends_only_on_packages_of_lower_layers() {
    TreeSet<String> wrong = new TreeSet<>();
    for (JavaClass type : CLASSES) {
      for (Dependency dependency : type.getDirectDependenciesFromSelf()) {
        JavaClass target = dependency.getTargetClass().getBaseComponentType();
        if (ours(target)
            && !room(target).equals(room(type))
            && Layout.LAYERS.get(room(target)) >= Layout.LAYERS.get(room(type))) {
          wrong.add(type.getName() + " depends on " + target.getName());
        }
      }
    }
    assertThat(wrong).isEmpty();
  }

  @Test
  void packages_have_no_cyclic_dependencies() {
    SlicesRuleDefinition.slices().matching(ROOT + ".(**)").should().beFreeOfCycles().check(CLASSES);
  }

  @Test
  void only_http_packages_use_http() {
    TreeSet<String> wrong = new TreeSet<>();
    for (JavaClass type : CLASSES) {
      if (type.getPackageName().endsWith(".http") || USE_HTTP.contains(room(type))) {
        continue;
      }
      for (Dependency dependency : type.getDirectDependenciesFromSelf()) {
        JavaClass target = dependency.getTargetClass().getBaseComponentType();
        if (ours(target) && target.getPackageName().endsWith(".http")) {
          wrong.add(type.getName() + " depends on " + target.getName());
        }
      }
    }
    assertThat(wrong).isEmpty();
  }

  @Test
  void the_protocol_is_all_that_the_server_shares_with_clients() {
    TreeSet<String> wrong = new TreeSet<>();
    for (JavaClass type : CLASSES) {
      boolean wiring = type.getPackageName().equals(ROOT);
      for (Dependency dependency : type.getDirectDependenciesFromSelf()) {
        JavaClass target = dependency.getTargetClass().getBaseComponentType();
        String module = target.getPackageName();
        if (module.startsWith("dev.fanfare.")
            && !ours(target)
            && !module.startsWith("dev.fanfare.protocol")
            && !(wiring && module.startsWith("dev.fanfare.postgres"))) {
          wrong.add(type.getName() + " depends on " + target.getName());
        }
      }
    }
    assertThat(wrong).isEmpty();
  }

  @Test
  void only_the_wiring_creates_classes_of_other_packages_that_use_the_database() {
    TreeSet<String> wrong = new TreeSet<>();
    for (JavaClass type : CLASSES) {
      for (JavaConstructorCall call : type.getConstructorCallsFromSelf()) {
        JavaClass made = call.getTargetOwner();
        if (ours(made)
            && !room(made).equals(room(type))
            && !WIRING.contains(type.getSimpleName())
            && !type.isAssignableTo(made.getName()) // calls the constructor of its own superclass
            && takesTheDatabase(made)) {
          wrong.add(type.getName() + " creates " + made.getName());
        }
      }
    }
    assertThat(wrong).isEmpty();
  }

  private static boolean takesTheDatabase(JavaClass type) {
    return type.getConstructors().stream()
        .flatMap(constructor -> constructor.getRawParameterTypes().stream())
        .anyMatch(parameter ->
            parameter.getName().equals(ROOT + ".db.Database")
                || parameter.getName().equals(ROOT + ".component.Resources"));
  }
}
