// browser_login.mjs URL SCREENSHOT: signs in at oidc-provider as a person would, in headless Chromium: by an
// authorization request, or by a code that stands in the URL. Prints what the page says in the end, and takes a picture
// of it.
import { chromium } from 'playwright-core';

const [url, screenshot] = process.argv.slice(2);
const browser = await chromium.launch({
  executablePath: '/usr/bin/chromium',
  args: ['--no-sandbox', '--disable-gpu', '--disable-background-networking'],
});

const BUTTON = 'button[type=submit]';

/** Presses the button, and waits for the page that it leads to. */
async function submit(page) {
  await Promise.all([page.waitForNavigation(), page.click(BUTTON)]);
}

/** Fills in what is asked, where it is. */
async function fill(page, name, value) {
  const input = page.locator(`input[name=${name}]`);
  if (await input.count()) await input.fill(value);
}

try {
  const page = await browser.newPage({ viewport: { width: 900, height: 600 } });
  page.setDefaultTimeout(30_000);
  // The provider's pages ask for a font from elsewhere.
  await page.route(/^https:\/\/fonts\./, (route) => route.abort());
  await page.goto(url);
  await page.waitForSelector(BUTTON); // a code is sent on by its page itself
  while (await page.locator(BUTTON).count()) {
    await fill(page, 'login', 'alice@example.org');
    await fill(page, 'password', 'any');
    await submit(page); // confirms the code, signs in, consents
  }
  console.log(await page.innerText('body'));
  await page.screenshot({ path: screenshot });
} finally {
  await browser.close();
}
