package dev.spinbpf.tools.browser;

import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.logging.Level;
import org.jspecify.annotations.Nullable;
import org.openqa.selenium.By;
import org.openqa.selenium.Keys;
import org.openqa.selenium.OutputType;
import org.openqa.selenium.TimeoutException;
import org.openqa.selenium.WebElement;
import org.openqa.selenium.chrome.ChromeDriver;
import org.openqa.selenium.chrome.ChromeDriverService;
import org.openqa.selenium.chrome.ChromeOptions;
import org.openqa.selenium.interactions.Actions;
import org.openqa.selenium.logging.LogType;
import org.openqa.selenium.logging.LoggingPreferences;
import org.openqa.selenium.support.ui.WebDriverWait;

/** A Chromium without a window, as Debian's packages chromium and chromium-driver install it. */
public final class Browser implements AutoCloseable {
    private static final Duration PATIENCE = Duration.ofSeconds(60);

    private final ChromeDriver driver;
    private final String axe;

    /** Starts it. */
    public Browser(Path profile) throws IOException {
        ChromeOptions options = new ChromeOptions();
        options.setBinary("/usr/bin/chromium");
        options.addArguments(
                "--headless",
                "--no-sandbox",
                "--disable-gpu",
                "--disable-quic",
                "--no-first-run",
                "--disable-background-networking",
                "--disable-component-update",
                "--disable-sync",
                "--user-data-dir=" + profile);
        LoggingPreferences logs = new LoggingPreferences();
        logs.enable(LogType.BROWSER, Level.ALL);
        options.setCapability("goog:loggingPrefs", logs);
        ChromeDriverService service = new ChromeDriverService.Builder()
                .usingDriverExecutable(new File("/usr/bin/chromedriver"))
                .build();
        driver = new ChromeDriver(service, options);
        driver.manage().timeouts().scriptTimeout(PATIENCE);
        try (var in = Browser.class.getResourceAsStream("/axe.min.js")) {
            axe = new String(Objects.requireNonNull(in).readAllBytes(), StandardCharsets.UTF_8);
        }
    }

    /** Opens an address as a person would who likes this colour scheme, in a window of this size. */
    public void open(String url, String scheme, int width, int height) {
        driver.executeCdpCommand(
                "Emulation.setDeviceMetricsOverride",
                Map.of("width", width, "height", height, "deviceScaleFactor", 1, "mobile", false));
        Map<String, String> feature = Map.of("name", "prefers-color-scheme", "value", scheme);
        driver.executeCdpCommand("Emulation.setEmulatedMedia", Map.of("features", List.of(feature)));
        driver.get(url);
    }

    /** Leaves the page, and forgets what the console has. */
    public void leave() {
        driver.get("about:blank");
        console();
    }

    /** Something that comes to be true. */
    @FunctionalInterface
    public interface Condition {
        boolean holds();
    }

    /** Waits until something is true. */
    public void await(String what, Condition condition) {
        try {
            new WebDriverWait(driver, PATIENCE)
                    .pollingEvery(Duration.ofMillis(100))
                    .until(_ -> condition.holds());
        } catch (TimeoutException e) {
            throw new AssertionError(what + "; the page says: " + text("body"), e);
        }
    }

    /** Waits until an element's text contains something. */
    public void awaitText(String selector, String part) {
        await(selector + " should say " + part, () -> text(selector).contains(part));
    }

    /** The text that the first element of a selector holds, or nothing where there is none. */
    public String text(String selector) {
        Object text = driver.executeScript(
                "const found = document.querySelector(arguments[0]); return found ? found.textContent : ''", selector);
        return String.valueOf(text);
    }

    /** The text of each element of a selector. */
    public List<?> texts(String selector) {
        return list(driver.executeScript(
                "return [...document.querySelectorAll(arguments[0])].map((each) => each.textContent)", selector));
    }

    private static List<?> list(@Nullable Object answer) {
        return (List<?>) Objects.requireNonNull(answer);
    }

    /** Runs a script; where it is a promise, waits for it. */
    public @Nullable Object run(String script, Object... arguments) {
        return driver.executeScript(script, arguments);
    }

    public WebElement find(String selector) {
        return driver.findElement(By.cssSelector(selector));
    }

    /** Presses keys, wherever the focus is. */
    public void press(CharSequence... keys) {
        new Actions(driver).sendKeys(keys).perform();
    }

    /** Moves the pointer onto the first element of a selector. */
    public void pointAt(String selector) {
        new Actions(driver).moveToElement(find(selector)).perform();
    }

    /** Goes on with Tab until the element of a selector has the focus. */
    public void tabTo(String selector) {
        for (int i = 0; i < 60; i++) {
            press(Keys.TAB);
            if (Boolean.TRUE.equals(run("return document.activeElement.matches(arguments[0])", selector))) {
                return;
            }
        }
        throw new AssertionError("Tab does not lead to " + selector);
    }

    /** Returns the violations that axe finds on the page as it is. */
    public List<?> violations() {
        driver.executeScript(axe);
        return list(driver.executeAsyncScript("""
                const done = arguments[arguments.length - 1];
                axe.run(document, {resultTypes: ['violations']}).then(
                    (found) => done(found.violations.map((each) =>
                        each.id + ': ' + each.nodes.map((node) => node.html + ' ' + node.failureSummary).join('; '))),
                    (mistake) => done([String(mistake)]));
                """));
    }

    /** Returns the console messages since the last call. */
    public List<String> console() {
        return driver.manage().logs().get(LogType.BROWSER).getAll().stream()
                .map(Object::toString)
                .toList();
    }

    /** Writes a picture of the whole page. */
    public void screenshot(Path file, int width) throws IOException {
        Object height = Objects.requireNonNull(run("return document.documentElement.scrollHeight"));
        driver.executeCdpCommand(
                "Emulation.setDeviceMetricsOverride",
                Map.of("width", width, "height", height, "deviceScaleFactor", 1, "mobile", false));
        Files.createDirectories(Objects.requireNonNull(file.getParent()));
        Files.write(file, driver.getScreenshotAs(OutputType.BYTES));
    }

    @Override
    public void close() {
        driver.quit();
    }
}
