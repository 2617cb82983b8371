lock table lifecycle.frozen_quarters in share row exclusive mode
