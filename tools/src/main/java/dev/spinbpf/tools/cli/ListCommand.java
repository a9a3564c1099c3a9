package dev.spinbpf.tools.cli;

import dev.spinbpf.tools.client.RemoteObject;
import dev.spinbpf.tools.client.RemoteProgram;
import dev.spinbpf.tools.client.ServiceClient;
import dev.spinbpf.tools.client.ServiceException;
import dev.spinbpf.tools.report.Style;
import dev.spinbpf.tools.report.TextTable;
import java.io.PrintWriter;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/** {@code spinbpf list}: what a service holds. */
@Command(
        name = "list",
        mixinStandardHelpOptions = true,
        usageHelpAutoWidth = true,
        description = {
            "Lists the objects of a running service (spinbpf serve) and their programs: state, hook, and how often they ran.",
            ""
        },
        footerHeading = "%nExamples:%n",
        footer = {
            "  spinbpf list",
            "  spinbpf list --json",
            "  spinbpf list --server https://bpf.example:9464 --token-file token",
            "",
            "Exit codes: 0 good, 1 the service refused, 2 wrong usage, or the service cannot be reached."
        })
final class ListCommand implements Callable<Integer> {
    @Spec
    private CommandSpec spec;

    @Mixin
    private final ServerOption server = new ServerOption();

    @Mixin
    private final JsonOption json = new JsonOption();

    @SuppressWarnings("NullAway.Init") // picocli fills in the specification
    ListCommand() {}

    @Override
    public Integer call() throws InputException, InterruptedException, ServiceException {
        return server.ask(this::list);
    }

    private int list(ServiceClient client) throws ServiceException, InterruptedException {
        PrintWriter out = spec.commandLine().getOut();
        out.print(json.isGiven() ? client.objectsAsJson() : table(client.objects()));
        return ExitCodes.GOOD;
    }

    private static String table(List<RemoteObject> objects) {
        if (objects.isEmpty()) {
            return "no objects; spinbpf load FILE loads one\n";
        }
        TextTable table = new TextTable("Object", "Program", "Type", "State", "Hook", ">Runs", ">Misses", ">Faults");
        for (RemoteObject object : objects) {
            for (RemoteProgram program : object.programs()) {
                table.add(
                        object.name(),
                        program.name(),
                        program.type(),
                        program.state(),
                        program.hook(),
                        Long.toString(program.runs()),
                        Long.toString(program.misses()),
                        Long.toString(program.faults()));
            }
            if (object.programs().isEmpty()) {
                table.add(object.name(), "", "", "", "", "", "", "");
            }
        }
        return table.render(Style.ofStandardOutput());
    }
}
