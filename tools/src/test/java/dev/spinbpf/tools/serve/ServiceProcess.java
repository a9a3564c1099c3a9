package dev.spinbpf.tools.serve;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * {@code spinbpf serve} in a process of its own.
 *
 * @param process the process
 * @param url its address, without a slash at the end
 */
record ServiceProcess(Process process, String url) {
    private static final String SERVING = "spinbpf: serving at ";

    /**
     * Starts one on any free port of loopback, and waits until it serves.
     *
     * @param javaOptions for its JVM
     * @param arguments of {@code serve}
     */
    static ServiceProcess start(List<String> javaOptions, List<String> arguments) throws IOException {
        List<String> command = new ArrayList<>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        command.addAll(javaOptions);
        command.addAll(List.of(
                "--enable-native-access=ALL-UNNAMED",
                "-cp",
                System.getProperty("java.class.path"),
                "dev.spinbpf.tools.cli.Main",
                "serve",
                "--listen",
                "127.0.0.1:0"));
        command.addAll(arguments);
        Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
        BufferedReader lines =
                new BufferedReader(new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8));
        StringBuilder seen = new StringBuilder();
        for (String line = lines.readLine(); line != null; line = lines.readLine()) {
            seen.append(line).append('\n');
            if (line.startsWith(SERVING)) {
                Thread.ofVirtual().start(() -> lines.lines().forEach(rest -> {}));
                String url = line.substring(SERVING.length());
                return new ServiceProcess(process, url.substring(0, url.length() - 1));
            }
        }
        throw new AssertionError("it does not start:\n" + seen);
    }
}
