package dev.spinbpf.tools.cli;

import dev.spinbpf.tools.client.RemoteObject;
import dev.spinbpf.tools.client.RemoteProgram;
import dev.spinbpf.tools.client.ServiceClient;
import dev.spinbpf.tools.client.ServiceException;
import dev.spinbpf.tools.report.JsonText;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code spinbpf unload}: takes programs from a service. */
@Command(
        name = "unload",
        mixinStandardHelpOptions = true,
        usageHelpAutoWidth = true,
        description = {
            "Detaches and unloads the programs of an object in a running service (spinbpf serve), and removes the object when"
                    + " none of its programs is loaded any more. Its maps are gone then.",
            ""
        },
        footerHeading = "%nExamples:%n",
        footer = {
            "  spinbpf unload nesting",
            "  spinbpf unload nesting --prog sample",
            "",
            "Exit codes: 0 good, 1 the service refused (such as an object that is not there), 2 wrong usage, or the",
            "service cannot be reached."
        })
final class UnloadCommand implements Callable<Integer> {
    @Spec
    private CommandSpec spec;

    @Parameters(paramLabel = "OBJECT", description = "The object's name, as list shows it.")
    private String name;

    @Mixin
    private final ProgramNames programs = new ProgramNames();

    @Mixin
    private final JsonOption json = new JsonOption();

    @Mixin
    private final ServerOption server = new ServerOption();

    @SuppressWarnings("NullAway.Init") // picocli fills in the options
    UnloadCommand() {}

    @Override
    public Integer call() throws InputException, InterruptedException, ServiceException {
        return server.ask(this::unload);
    }

    private int unload(ServiceClient client) throws ServiceException, InputException, InterruptedException {
        RemoteObject object = client.object(name);
        List<String> there = object.programs().stream().map(RemoteProgram::name).toList();
        if (!there.containsAll(programs.list())) {
            throw new InputException("not all of " + InputFiles.listed(programs.list()) + " are programs of " + name
                    + "; it has " + InputFiles.listed(there));
        }
        List<String> unloaded = new ArrayList<>();
        for (RemoteProgram program : object.programs()) {
            if (program.isLoaded() && programs.include(program.name())) {
                client.unload(name, program.name());
                unloaded.add(program.name());
            }
        }
        boolean isRemoved = !client.object(name).isLoaded();
        if (isRemoved) {
            client.remove(name);
        }
        spec.commandLine().getOut().print(json.isGiven() ? json(unloaded, isRemoved) : text(unloaded, isRemoved));
        return ExitCodes.GOOD;
    }

    private String text(List<String> unloaded, boolean isRemoved) {
        StringBuilder text = new StringBuilder();
        unloaded.forEach(program -> text.append("unloaded ").append(program).append('\n'));
        return text.append(isRemoved ? "removed " + name + '\n' : "").toString();
    }

    private String json(List<String> unloaded, boolean isRemoved) {
        JsonText text = new JsonText(false, false).begin('{').name("object").string(name);
        text.name("unloaded").begin('[');
        unloaded.forEach(text::string);
        return text.end(']')
                .name("removed")
                .raw(Boolean.toString(isRemoved))
                .end('}')
                .text();
    }
}
