package dev.spinbpf.tools.serve;

import static org.assertj.core.api.Assertions.assertThat;

import dev.spinbpf.programs.btf.Btf;
import dev.spinbpf.tools.browser.Browser;
import dev.spinbpf.vm.stress.ByteString;
import dev.spinbpf.vm.stress.ProgramWorkload;
import dev.spinbpf.vm.stress.ProgramWorkload.NamedFile;
import dev.spinbpf.vm.stress.ProgramWorkload.ObjectFile;
import dev.spinbpf.vm.stress.StressOptions;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.openqa.selenium.Keys;

/** Looks at the page in Chromium. Not part of a plain build: see CONTRIBUTING.md. */
@Timeout(300)
class PageBrowserTest {
    private static final Path SAMPLES = Path.of(System.getProperty("spinbpf.root", ".."), "programs", "samples");
    private static final String LIGHT = "light";
    private static final int WIDE = 1280;
    private static final int PHONE = 390;

    @TempDir
    static Path directory;

    private static Browser browser;
    private final Deque<Service> services = new ArrayDeque<>();

    @BeforeAll
    static void startBrowser() throws Exception {
        browser = new Browser(directory.resolve("profile"));
    }

    @AfterAll
    static void stopBrowser() {
        browser.close();
    }

    @AfterEach
    void stop() {
        browser.run("sessionStorage.clear()");
        browser.leave();
        services.forEach(Service::close);
    }

    private static ProgramWorkload workload(String... objects) throws Exception {
        List<ObjectFile> files = new ArrayList<>();
        for (String name : objects) {
            ByteString bytes = ByteString.of(Files.readAllBytes(SAMPLES.resolve(name)));
            files.add(new ObjectFile(name, new NamedFile(name, bytes), List.of()));
        }
        return ProgramWorkload.of(files).withDuration(StressOptions.FOREVER);
    }

    private void start(ServiceOptions options, String... objects) throws Exception {
        ProgramWorkload workload = workload(objects);
        services.add(Service.start(options, () -> workload, Btf.EMPTY));
    }

    private void startAbba() throws Exception {
        start(ServiceOptions.loopback(0), "abba.bpf.o");
    }

    private void open(String scheme, int width) {
        String url = "http://127.0.0.1:" + services.getLast().address().getPort() + "/";
        browser.open(url, scheme, width, width == PHONE ? 844 : 900);
    }

    private static void assertNothingOnTheConsole() {
        assertThat(browser.console()).isEmpty();
    }

    @Test
    void shouldShowLocksWaitsFailuresCpusAndPrograms() throws Exception {
        startAbba();
        open(LIGHT, WIDE);
        browser.awaitText("#state", "The workload runs.");
        browser.await(
                "a lock fails now", () -> browser.texts("#locks tr.failing").size() > 0);
        assertThat(browser.texts("#locks tbody th .name").stream().distinct().map(Object::toString))
                .containsExactlyInAnyOrder("a", "b");
        browser.awaitText("[data-which=last] h3", "Last deadlock");
        assertThat(browser.text("[data-which=last] ul")).contains("(in the deadlock)", "is held by CPU");
        assertThat(browser.texts("[data-which=last] path.cycle")).hasSizeGreaterThanOrEqualTo(2);
        assertThat(browser.texts("#cpus h3").stream().map(Object::toString)).containsExactly("CPU 0", "CPU 1");
        browser.await(
                "a lane has a run",
                () -> Boolean.TRUE.equals(
                        browser.run(
                                "return [...document.querySelectorAll('#cpus path.run')].some((path) => path.getAttribute('d') !== '')")));
        assertThat(browser.texts("#programs tbody .name").stream().distinct().map(Object::toString))
                .containsExactlyInAnyOrder("a_then_b", "b_then_a");
        assertNothingOnTheConsole();
    }

    @Test
    void shouldShowTheSourceLinesOfBothSides() throws Exception {
        startAbba();
        open(LIGHT, WIDE);
        browser.await("a failure has both lines", () -> browser.texts("#failures li").stream()
                .map(Object::toString)
                .anyMatch(text -> text.matches("(?s).*Attempt.*abba.bpf.c:16.*Holder.*abba.bpf.c:12.*")));
        assertNothingOnTheConsole();
    }

    @Test
    void shouldCountAsTheInterfaceDoes() throws Exception {
        startAbba();
        open(LIGHT, WIDE);
        browser.await("locks fail", () -> browser.texts("#locks tr.failing").size() > 0);
        services.getLast().engine().stop();
        browser.awaitText("#state", "The workload has stopped after");
        Object counted = browser.run("""
                return fetch('api/v1/locks').then((answer) => answer.json()).then(({locks}) => locks.flatMap((lock) =>
                    lock.contexts.map((each) => [lock.name, each.context, each.aa, each.abba, each.timeout].join(' '))).sort())
                """);
        Object shown = browser.run("""
                return [...document.querySelectorAll('#locks tbody tr')].map((row) =>
                    [0, 1, 5, 6, 7].map((i) => row.children[i].textContent.replaceAll(',', '')).join(' ')).sort()
                """);
        assertThat(shown).isEqualTo(counted);
        assertNothingOnTheConsole();
    }

    @Test
    void shouldBeAccessibleInEachForm() throws Exception {
        start(ServiceOptions.loopback(0), "abba.bpf.o", "leaked_lock.bpf.o");
        for (String form : List.of("light 1280", "dark 1280", "light 390", "dark 390")) {
            int width = Integer.parseInt(form.substring(form.indexOf(' ') + 1));
            open(form.substring(0, form.indexOf(' ')), width);
            browser.await(
                    "failures are there", () -> browser.texts("#failures li").size() > 1);
            browser.awaitText("#programs .refused", "rejected");
            browser.run("document.querySelectorAll('details').forEach((each) => { each.open = true; })");
            assertThat(browser.violations()).as(form).isEmpty();
            assertThat((Long) browser.run("return document.documentElement.scrollWidth"))
                    .as("width of " + form)
                    .isLessThanOrEqualTo(width);
            browser.screenshot(Path.of("target", "screenshots", form.replace(' ', '-') + ".png"), width);
        }
        assertNothingOnTheConsole();
    }

    @Test
    void shouldWorkWithTheKeyboard() throws Exception {
        startAbba();
        open(LIGHT, WIDE);
        browser.await("failures are there", () -> browser.texts("#failures li").size() > 0);
        browser.press(Keys.TAB);
        assertThat(browser.run("return document.activeElement.textContent")).isEqualTo("Skip to the locks");
        browser.tabTo("#pause");
        browser.tabTo("#locks th:first-child button");
        assertThat(browser.run("return getComputedStyle(document.activeElement).outlineStyle"))
                .isEqualTo("solid");
        browser.press(Keys.ENTER);
        assertThat(browser.find("#locks th").getDomAttribute("aria-sort")).isEqualTo("ascending");
        List<?> names = browser.texts("#locks tbody th .name");
        assertThat(names.stream().map(Object::toString)).isSorted();
        browser.press(Keys.SPACE);
        assertThat(browser.find("#locks th").getDomAttribute("aria-sort")).isEqualTo("descending");
        browser.tabTo("#failures summary");
        browser.press(Keys.ENTER);
        assertThat(browser.texts("#failures details[open]")).hasSize(1);
        String before = browser.text("#workload");
        browser.await("the page goes on", () -> !browser.text("#workload").equals(before));
        assertThat(browser.texts("#failures details[open]")).as("stays open").hasSize(1);
        assertThat(browser.run("return document.activeElement.matches('#failures summary')"))
                .as("keeps the focus")
                .isEqualTo(true);
        assertNothingOnTheConsole();
    }

    @Test
    void shouldStandStillWhilePaused() throws Exception {
        startAbba();
        open(LIGHT, WIDE);
        browser.await("failures are there", () -> browser.texts("#failures li").size() > 0);
        browser.find("#pause").click();
        browser.awaitText("#state", "Paused");
        String before = browser.text("#locks tbody");
        services.getLast().engine().stop();
        services.getLast().engine().start(null, null);
        assertThat(browser.text("#locks tbody")).isEqualTo(before);
        browser.find("#pause").click();
        browser.awaitText("#state", "The workload runs.");
        browser.await("the page goes on", () -> !browser.text("#locks tbody").equals(before));
        assertNothingOnTheConsole();
    }

    @Test
    void shouldSayThatThereIsNoWorkload() throws Exception {
        start(ServiceOptions.loopback(0));
        open(LIGHT, WIDE);
        browser.awaitText("#state", "There is no workload");
        assertThat(browser.text("#locks .empty")).isEqualTo("No lock was taken yet.");
        assertThat(browser.text("#failures .empty")).isEqualTo("No attempt has failed.");
        assertThat(browser.text("#programs .empty")).isEqualTo("No program is here.");
        assertThat(browser.violations()).isEmpty();
        assertNothingOnTheConsole();
    }

    @Test
    void shouldSayThatTheServiceIsGoneAndGoOnWhenItIsBack() throws Exception {
        startAbba();
        open(LIGHT, WIDE);
        browser.awaitText("#state", "The workload runs.");
        int port = services.getLast().address().getPort();
        services.removeLast().close();
        browser.awaitText("#state", "The service does not answer. Trying again every");
        assertThat(browser.violations()).isEmpty();
        start(ServiceOptions.loopback(port), "abba.bpf.o");
        browser.awaitText("#state", "The workload runs.");
        assertThat(browser.console()).allMatch(line -> line.contains("net::ERR_"));
    }

    @Test
    void shouldAskForTheTokenOnlyWhereTheServiceDoes() throws Exception {
        String token = "0123456789abcdef0123456789abcdef";
        Path file = Files.writeString(directory.resolve("token"), token);
        InetSocketAddress any = new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);
        ServiceOptions plain = ServiceOptions.loopback(0);
        start(new ServiceOptions(any, Set.of(), file, null, null, null, plain.limits()), "abba.bpf.o");
        open(LIGHT, PHONE);
        browser.awaitText("#state", "The service asks for a token.");
        assertThat(browser.find("#token").isDisplayed()).isTrue();
        assertThat(browser.run("return document.activeElement.id")).isEqualTo("token-value");
        assertThat(browser.violations()).isEmpty();
        browser.press("wrong", Keys.ENTER);
        browser.awaitText("#state", "The service does not know this token.");
        browser.press(token, Keys.ENTER);
        browser.awaitText("#state", "The workload runs.");
        assertThat(browser.find("#token").isDisplayed()).isFalse();
        assertThat(browser.run("return localStorage.length + document.cookie.length"))
                .isEqualTo(0L);
        assertThat(browser.console()).allMatch(line -> line.contains("401"));
    }

    @Test
    void shouldShowNamesAsTheyAre() throws Exception {
        start(ServiceOptions.loopback(0));
        open(LIGHT, WIDE);
        browser.awaitText("#state", "There is no workload");
        Object shown = browser.run("""
                const name = '<img src=x onerror="document.title = 1">';
                return import('/page/locks.js').then(({LockTable}) => {
                  const section = document.createElement('section');
                  section.innerHTML = '<div class="scroll"><table><thead></thead><tbody></tbody></table></div><p class="empty"></p>';
                  document.body.append(section);
                  const counted = {context: 'task', attempts: 1, ok: 1, aa: 0, abba: 0, timeout: 0, no_node: 0, wait_p99_ns: 1};
                  new LockTable(section).update({locks: [{name, internal: false, contexts: [counted]}]}, 1000);
                  return section.querySelector('tbody .name').textContent + section.querySelectorAll('img').length;
                });
                """);
        assertThat(shown).isEqualTo("<img src=x onerror=\"document.title = 1\">0");
        assertThat(browser.run("return document.title")).isEqualTo("spinbpf");
        assertNothingOnTheConsole();
    }
}
