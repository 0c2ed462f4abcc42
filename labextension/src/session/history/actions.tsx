import { CommandSummary } from '../../api/operations';
import { CommandIDs } from '../../commands/ids';
import {
  copyIcon,
  insertIcon,
  linkIcon,
  publishIcon,
  runIcon
} from '../../components/icons';
import { Act } from '../../components/pieces';
import { useCommand, useShared } from '../../components/shared';
import { OpenSession } from '../../model/session';
import { hindrance } from '../../text/roles';

/** The actions on a command. */
export function Actions(props: {
  open: OpenSession;
  summary: CommandSummary;
}): JSX.Element {
  const { open, summary } = props;
  const { commands, trans } = useShared();
  const execute = useCommand();
  const args = { code: open.code, number: summary.number };
  const inNotebook = (id: string): string | undefined =>
    commands.isEnabled(id, args)
      ? undefined
      : trans.__(
          'Open a notebook first. The command is inserted into the active one.'
        );
  const notebooks = commands.hasCommand(CommandIDs.insert);
  return (
    <span
      className="jp-SessionsCommand-actions"
      role="group"
      aria-label={trans.__('Command %1', summary.number)}
    >
      {!summary.forgotten && (
        <>
          {notebooks && (
            <>
              <Act
                icon={insertIcon}
                label={trans.__('Insert into the active notebook')}
                hindered={inNotebook(CommandIDs.insert)}
                onClick={() => execute(CommandIDs.insert, args)}
              />
              <Act
                icon={runIcon}
                label={trans.__('Run again in the active notebook')}
                hindered={inNotebook(CommandIDs.run)}
                onClick={() => execute(CommandIDs.run, args)}
              />
            </>
          )}
          <Act
            icon={copyIcon}
            label={trans.__('Copy the source')}
            onClick={() => execute(CommandIDs.copy, args)}
          />
          <Act
            icon={publishIcon}
            label={trans.__('Publish outputs')}
            hindered={
              hindrance(open.session, 'write', trans) ||
              (summary.outputs ? '' : trans.__('It has no outputs.'))
            }
            onClick={() => execute(CommandIDs.publishCommand, args)}
          />
        </>
      )}
      <Act
        icon={linkIcon}
        label={trans.__('Copy permalink')}
        onClick={() => execute(CommandIDs.permalink, args)}
      />
    </span>
  );
}
