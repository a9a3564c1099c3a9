package dev.spinbpf.programs.asm;

import dev.spinbpf.programs.asm.grammar.BpfAsmParser;
import dev.spinbpf.programs.asm.grammar.BpfAsmParser.DirectiveContext;
import dev.spinbpf.programs.asm.grammar.BpfAsmParser.LabelContext;
import dev.spinbpf.programs.asm.grammar.BpfAsmParser.LineContext;
import dev.spinbpf.programs.asm.grammar.BpfAsmParser.OptionContext;
import dev.spinbpf.programs.asm.grammar.BpfAsmParser.StatementContext;
import dev.spinbpf.programs.btf.Btf;
import dev.spinbpf.programs.elf.SectionNames;
import dev.spinbpf.programs.linux.AttachType;
import dev.spinbpf.programs.linux.KernelLimits;
import dev.spinbpf.programs.linux.ProgType;
import dev.spinbpf.programs.model.KfuncRef;
import dev.spinbpf.programs.model.KsymRef;
import dev.spinbpf.programs.model.MapDef;
import dev.spinbpf.programs.model.Program;
import dev.spinbpf.programs.model.ProgramObject;
import dev.spinbpf.programs.model.UnlinkedProgram;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import org.antlr.v4.runtime.ParserRuleContext;
import org.antlr.v4.runtime.Token;
import org.jspecify.annotations.Nullable;

/** The object while its lines are read; what a line means depends on what was begun before it. */
final class ObjectDraft {
    private final String fileName;
    private final List<String> lines;
    private final Diagnostics diagnostics;
    private final Literals literals;
    private final InstructionReader instructions;
    private final MapReader mapReader;
    private final BtfDraft types = new BtfDraft();
    private final BtfTextReader typeReader;
    private final Map<String, ProgramDraft> programs = new LinkedHashMap<>();
    private final Map<String, FunctionDraft> sharedFunctions = new LinkedHashMap<>();
    private final List<MapDraft> maps = new ArrayList<>();
    private final Map<String, KfuncRef> kfuncs = new LinkedHashMap<>();
    private final Map<String, KsymRef> ksyms = new LinkedHashMap<>();
    private String license = "";
    private @Nullable ProgramDraft program;
    private @Nullable FunctionDraft function;
    private boolean inTypes;

    ObjectDraft(String fileName, List<String> lines, Diagnostics diagnostics) {
        this.fileName = fileName;
        this.lines = lines;
        this.diagnostics = diagnostics;
        literals = new Literals(diagnostics);
        instructions = new InstructionReader(diagnostics, literals);
        mapReader = new MapReader(diagnostics, literals, fileName);
        typeReader = new BtfTextReader(diagnostics, literals, types);
    }

    /** Reads a line without syntax errors. */
    void read(LineContext line) {
        for (LabelContext label : line.label()) {
            label(label);
        }
        StatementContext statement = line.statement();
        if (statement == null) {
            return;
        }
        if (statement.instruction() != null) {
            instruction(statement);
        } else if (statement.directive() != null) {
            directive(statement.directive());
        } else if (statement.attribute() != null) {
            mapReader.read(statement.attribute());
        } else if (inTypes) {
            typeReader.read(statement.btf());
        } else {
            diagnostics.error(Span.of(statement), "a type belongs after .btf");
        }
    }

    private void label(LabelContext label) {
        String name = literals.name(label.name());
        if (function == null) {
            diagnostics.error(Span.of(label), "a label belongs after .program, .func or .global");
        } else if (function.labels.putIfAbsent(name, function.slots.size()) != null) {
            diagnostics.error(Span.of(label), "label '" + name + "' stands twice in '" + function.name + "'");
        }
    }

    private void instruction(StatementContext statement) {
        Token opcode = statement.OPCODE() == null ? null : statement.OPCODE().getSymbol();
        SourceInsn insn = instructions.read(statement.instruction(), opcode);
        if (function == null) {
            diagnostics.error(Span.of(statement), "an instruction belongs after .program, .func or .global");
        } else if (function.slots.size() >= KernelLimits.BPF_COMPLEXITY_LIMIT_INSNS) {
            diagnostics.error(Span.of(statement), "'" + function.name + "' has too many instructions");
        } else if (insn != null) {
            function.add(insn);
        }
    }

    private void directive(DirectiveContext directive) {
        switch (directive) {
            case BpfAsmParser.InnerStartContext c -> mapReader.inner(c);
            case BpfAsmParser.InnerEndContext c -> mapReader.endInner(c);
            case BpfAsmParser.LicenseContext c ->
                license = literals.string(c.STRING().getSymbol());
            case BpfAsmParser.KfuncContext c -> kfunc(c);
            case BpfAsmParser.KsymContext c -> ksym(c);
            default -> begin(directive);
        }
    }

    /** A line that begins something, and so ends what was begun before. */
    private void begin(DirectiveContext directive) {
        mapReader.close();
        typeReader.close();
        inTypes = false;
        function = null;
        switch (directive) {
            case BpfAsmParser.ProgramStartContext c -> program(c);
            case BpfAsmParser.StaticFunctionContext c ->
                function(function(c.name(), Span.of(c), false, c.signature(), c.option()));
            case BpfAsmParser.GlobalFunctionContext c ->
                function(function(c.name(), Span.of(c), true, c.signature(), c.option()));
            case BpfAsmParser.MapStartContext c -> maps.add(mapReader.map(c));
            case BpfAsmParser.SectionStartContext c -> maps.add(mapReader.section(c));
            case BpfAsmParser.BtfStartContext c -> {
                program = null;
                inTypes = true;
            }
            default -> throw new AssertionError(directive.getClass());
        }
    }

    private FunctionDraft function(
            BpfAsmParser.NameContext name,
            Span at,
            boolean global,
            BpfAsmParser.@Nullable SignatureContext signature,
            List<BpfAsmParser.OptionContext> options) {
        List<FunctionDraft.Parameter> parameters =
                signature == null ? null : new SignatureReader(diagnostics, literals).read(signature);
        FunctionDraft draft = new FunctionDraft(literals.name(name), at, global, parameters);
        draft.btfFuncId = new Options(options, "btf").typeId();
        return draft;
    }

    private void program(BpfAsmParser.ProgramStartContext c) {
        String section = literals.string(c.section);
        ProgramDraft draft = new ProgramDraft(
                literals.name(c.name()), section.startsWith("?") ? section.substring(1) : section, Span.of(c));
        Options options = new Options(c.option(), "btf", "type", "attach", "target", "sleepable");
        SectionNames.lookup(section).ifPresent(match -> {
            draft.type = match.type();
            draft.attachType = match.attachType();
            draft.attachTarget = match.target().orElse(null);
            draft.sleepable = match.sleepable();
        });
        draft.autoload = !section.startsWith("?");
        draft.type = options.constant("type", ProgType.values(), draft.type);
        draft.attachType = options.constant("attach", AttachType.values(), draft.attachType);
        draft.attachTarget = options.word("target", draft.attachTarget);
        draft.sleepable = options.flag("sleepable", draft.sleepable);
        if (draft.type == ProgType.UNSPEC && !options.has("type")) {
            diagnostics.error(
                    Span.of(c.section),
                    "the section's name says no type of program, expected tc, xdp, syscall, fentry/..., ...");
        }
        if (programs.putIfAbsent(draft.name, draft) != null) {
            diagnostics.error(Span.of(c.name()), "there are two programs '" + draft.name + "'");
        }
        program = draft;
        FunctionDraft main = new FunctionDraft(draft.name, Span.of(c), true, null);
        main.btfFuncId = options.typeId();
        function(main);
    }

    private void function(FunctionDraft draft) {
        Map<String, FunctionDraft> scope = program == null ? sharedFunctions : program.functions;
        if (scope.putIfAbsent(draft.name, draft) != null) {
            diagnostics.error(draft.at, "there are two functions '" + draft.name + "'");
        }
        function = draft;
    }

    private void kfunc(BpfAsmParser.KfuncContext c) {
        Options options = new Options(c.option(), "weak", "btf");
        String name = literals.name(c.name());
        KfuncRef kfunc = new KfuncRef(name, options.flag("weak", false), options.typeId());
        if (kfuncs.putIfAbsent(name, kfunc) != null) {
            diagnostics.error(Span.of(c.name()), "'" + name + "' is declared twice");
        }
    }

    private void ksym(BpfAsmParser.KsymContext c) {
        Options options = new Options(c.option(), "weak", "function", "typed", "btf");
        String name = literals.name(c.name());
        KsymRef ksym = new KsymRef(
                name,
                options.flag("weak", false),
                options.flag("function", false),
                options.flag("typed", false),
                options.typeId());
        if (ksyms.putIfAbsent(name, ksym) != null) {
            diagnostics.error(Span.of(c.name()), "'" + name + "' is declared twice");
        }
    }

    /** The object. */
    ProgramObject build() throws AssemblyException {
        typeReader.close();
        typeReader.check();
        diagnostics.throwIfAny();
        checkTypeIds();
        checkNames();
        List<MapDef> mapDefs = maps.stream().map(map -> map.build(types)).toList();
        SignatureReader.types(functions(), types);
        diagnostics.throwIfAny();
        Btf btf = types.build();
        TextLinker linker = new TextLinker(
                fileName,
                lines,
                diagnostics,
                sharedFunctions,
                maps,
                List.copyOf(kfuncs.values()),
                List.copyOf(ksyms.values()),
                btf);
        List<Program> linked = new ArrayList<>();
        List<UnlinkedProgram> unlinked = new ArrayList<>();
        for (ProgramDraft draft : programs.values()) {
            Program result = linker.link(draft);
            if (result != null && result.type() != ProgType.UNSPEC) {
                linked.add(result);
            } else if (result != null) {
                String reason = SectionNames.unknownSection(draft.name, draft.section);
                boolean autoload = draft.autoload;
                unlinked.add(new UnlinkedProgram(draft.name, draft.section, draft.type, autoload, reason, result));
            }
        }
        diagnostics.throwIfAny();
        return new ProgramObject(
                fileName,
                license,
                List.copyOf(linked),
                mapDefs,
                List.copyOf(kfuncs.values()),
                btf,
                List.of(),
                List.copyOf(ksyms.values()),
                List.copyOf(unlinked),
                List.of(),
                null);
    }

    private List<FunctionDraft> functions() {
        List<FunctionDraft> all = new ArrayList<>(sharedFunctions.values());
        programs.values().forEach(draft -> all.addAll(draft.functions.values()));
        return all;
    }

    private void checkTypeIds() {
        for (FunctionDraft draft : functions()) {
            checkTypeId(draft.btfFuncId, draft.at);
        }
        for (MapDraft map : maps) {
            for (MapDraft at = map; at != null; at = at.inner) {
                checkTypeId(Math.max(at.keyTypeId, at.valueTypeId), at.at);
            }
        }
    }

    private void checkTypeId(int id, Span at) {
        if (id >= types.size()) {
            diagnostics.error(at, "there is no type " + id);
        }
    }

    private void checkNames() {
        Set<String> mapNames = new HashSet<>();
        for (MapDraft map : maps) {
            if (!mapNames.add(map.name)) {
                diagnostics.error(map.at, "there are two maps '" + map.name + "'");
            }
        }
    }

    /** A line's {@code key=value} pairs; an unknown key is reported. */
    private final class Options {
        private final Map<String, OptionContext> byKey = new LinkedHashMap<>();

        Options(List<OptionContext> options, String... known) {
            for (OptionContext option : options) {
                String key = literals.name(option.key);
                if (!List.of(known).contains(key)) {
                    diagnostics.error(Span.of(option), "unknown option, expected " + String.join(", ", known));
                }
                byKey.put(key, option);
            }
        }

        int typeId() {
            OptionContext option = byKey.get("btf");
            if (option == null || option.number() == null) {
                return option == null ? 0 : (int) wrong(option, "a number", 0);
            }
            return (int) literals.number(option.number(), 0, Integer.MAX_VALUE);
        }

        boolean has(String key) {
            return byKey.containsKey(key);
        }

        boolean flag(String key, boolean fallback) {
            OptionContext option = byKey.get(key);
            if (option == null) {
                return fallback;
            }
            return option.number() == null || literals.number(option.number(), 0, 1) == 1;
        }

        @Nullable
        String word(String key, @Nullable String fallback) {
            OptionContext option = byKey.get(key);
            if (option == null) {
                return fallback;
            }
            if (option.value == null) {
                diagnostics.error(Span.of(option), "expected a name");
                return fallback;
            }
            return literals.name(option.value);
        }

        <T extends Enum<T>> T constant(String key, T[] values, T fallback) {
            String word = word(key, null);
            if (word == null) {
                return fallback;
            }
            for (T value : values) {
                if (value.name().equals(word.toUpperCase(Locale.ROOT))) {
                    return value;
                }
            }
            OptionContext option = byKey.get(key);
            return option == null ? fallback : wrong(option, "one of Linux's constants", fallback);
        }

        private <T> T wrong(ParserRuleContext at, String expected, T fallback) {
            diagnostics.error(Span.of(at), "expected " + expected);
            return fallback;
        }
    }
}
