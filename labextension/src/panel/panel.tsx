import {
  ReactWidget,
  SidePanel,
  addIcon,
  refreshIcon
} from '@jupyterlab/ui-components';
import { CommandToolbarButton } from '@jupyterlab/ui-components';
import { Panel } from '@lumino/widgets';

import { CommandIDs } from '../commands/ids';
import { experimentsIcon, joinIcon } from '../components/icons';
import { IShared, Shared } from '../components/shared';
import { PanelBody } from './sessionList';
import { Me } from './identity';

/** The side panel of experiments. */
export class ExperimentsPanel extends SidePanel {
  constructor(shared: IShared) {
    super({ content: new Panel() });
    const { commands, trans } = shared;
    this.id = 'jupyter-sessions-panel';
    this.addClass('jp-Sessions');
    this.addClass('jp-SessionsPanel');
    this.title.icon = experimentsIcon;
    this.title.caption = trans.__('Experiments');
    this.node.setAttribute('role', 'region');
    this.node.setAttribute('aria-label', trans.__('Experiments'));
    for (const [name, id, icon] of [
      ['new', CommandIDs.create, addIcon],
      ['join', CommandIDs.join, joinIcon],
      ['refresh', CommandIDs.refresh, refreshIcon]
    ] as const) {
      this.toolbar.addItem(
        name,
        new CommandToolbarButton({
          commands,
          id,
          icon,
          label: name === 'new' ? trans.__('New') : ''
        })
      );
    }
    this.header.addWidget(
      ReactWidget.create(
        <Shared.Provider value={shared}>
          <Me />
        </Shared.Provider>
      )
    );
    const body = ReactWidget.create(
      <Shared.Provider value={shared}>
        <PanelBody />
      </Shared.Provider>
    );
    body.addClass('jp-SessionsPanel-body');
    this.content.addWidget(body);
  }
}
