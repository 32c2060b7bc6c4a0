// browser_login.mjs URL SCREENSHOT: signs in at oidc-provider as a person would, in headless Chromium. Prints what our
// page says in the end, and takes a picture of it.
import { chromium } from 'playwright-core';

const [url, screenshot] = process.argv.slice(2);
const browser = await chromium.launch({
  executablePath: '/usr/bin/chromium',
  args: ['--no-sandbox', '--disable-gpu', '--disable-background-networking'],
});

/** Presses the button, and waits for the page that it leads to. */
async function submit(page) {
  await Promise.all([page.waitForNavigation(), page.click('button[type=submit]')]);
}

try {
  const page = await browser.newPage({ viewport: { width: 900, height: 600 } });
  page.setDefaultTimeout(30_000);
  // The provider's pages ask for a font from elsewhere.
  await page.route(/^https:\/\/fonts\./, (route) => route.abort());
  await page.goto(url);
  await page.fill('input[name=login]', 'alice@example.org');
  await page.fill('input[name=password]', 'any');
  await submit(page); // signs in
  await submit(page); // consents
  console.log(await page.innerText('body'));
  await page.screenshot({ path: screenshot });
} finally {
  await browser.close();
}
